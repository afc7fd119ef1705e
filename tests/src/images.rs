//! A few small images, pushed straight to a registry without a sign-in: what the browser's tests look at.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::{
    http,
    registry::{INDEX, MANIFEST, digest, part},
};

/// Where they are.
const REPOSITORY: &str = "samples/app";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";

/// Two images that have a layer in common, `1.0` (also called `stable`) and `1.1`; `multi`, for two platforms; and a signature of the first.
pub fn fill(registry: SocketAddr) {
    let base = "the base of both".repeat(4096);
    let first = image(registry, "amd64", "1.0", &[&base, "the first app"]);
    let second = image(registry, "amd64", "1.1", &[&base, &"the second app".repeat(512)]);
    let other = image(registry, "arm64", "1.0", &[&base.replace("both", "arm"), "the first app"]);
    for (tag, text) in [("1.0", &first), ("stable", &first), ("1.1", &second)] {
        put(registry, tag, MANIFEST, text);
    }
    put(registry, &digest(&other), MANIFEST, &other);
    let of = |text: &str, architecture: &str| {
        let mut described = part(MANIFEST, text);
        described["platform"] = json!({ "os": "linux", "architecture": architecture });
        described
    };
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [of(&first, "amd64"), of(&other, "arm64")] });
    put(registry, "multi", INDEX, &index.to_string());
    sign(registry, &first);
}

/// Pushes what an image is made of, and says its manifest.
fn image(registry: SocketAddr, architecture: &str, version: &str, layers: &[&str]) -> String {
    // So that it is known which one is older.
    let made = if version == "1.0" { "2026-11-01T10:00:00Z" } else { "2026-11-08T10:00:00Z" };
    let history: Vec<Value> = ["COPY base / # buildkit", "COPY app /app # buildkit"]
        .iter()
        .map(|step| json!({ "created": made, "created_by": step }))
        .chain([json!({ "created": made, "created_by": "CMD [\"--serve\"]", "empty_layer": true })])
        .collect();
    let config = json!({
        "os": "linux", "architecture": architecture, "created": made,
        "config": {
            "Entrypoint": ["/app"], "Cmd": ["--serve"], "Env": ["PATH=/bin", format!("VERSION={version}")], "WorkingDir": "/srv",
            "ExposedPorts": { "8080/tcp": {} }, "Labels": { "made.for": "browser", "org.opencontainers.image.version": version },
        },
        "rootfs": { "type": "layers", "diff_ids": layers.iter().map(|layer| digest(layer)).collect::<Vec<_>>() },
        "history": history,
    })
    .to_string();
    for blob in layers.iter().copied().chain([config.as_str()]) {
        push_blob(registry, blob);
    }
    let layers: Vec<Value> = layers.iter().map(|layer| part("application/vnd.oci.image.layer.v1.tar", layer)).collect();
    let config = part("application/vnd.oci.image.config.v1+json", &config);
    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers }).to_string()
}

/// A signature, as clients leave it where the registry has no list of referrers: in an index whose tag is the digest.
fn sign(registry: SocketAddr, subject: &str) {
    push_blob(registry, "{}");
    let signature = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": SIGNATURE, "config": part(EMPTY, "{}"), "layers": [part(EMPTY, "{}")],
        "subject": part(MANIFEST, subject),
    })
    .to_string();
    put(registry, &digest(&signature), MANIFEST, &signature);
    let mut described = part(MANIFEST, &signature);
    described["artifactType"] = SIGNATURE.into();
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [described] });
    put(registry, &digest(subject).replace(':', "-"), INDEX, &index.to_string());
}

fn push_blob(registry: SocketAddr, text: &str) {
    let begun = http::send(registry, "POST", &format!("/v2/{REPOSITORY}/blobs/uploads/"), &[], "");
    assert_eq!(begun.status, 202, "{begun:?}");
    let place = begun.header("location").expect("it says where the upload goes on");
    let place = place.trim_start_matches(&format!("http://{registry}"));
    let headers = [("Content-Type", "application/octet-stream")];
    let done = http::send(registry, "PUT", &format!("{place}&digest={}", digest(text)), &headers, text);
    assert_eq!(done.status, 201, "{done:?}");
}

fn put(registry: SocketAddr, reference: &str, media: &str, text: &str) {
    let done = http::send(registry, "PUT", &format!("/v2/{REPOSITORY}/manifests/{reference}"), &[("Content-Type", media)], text);
    assert_eq!(done.status, 201, "{done:?}");
}
