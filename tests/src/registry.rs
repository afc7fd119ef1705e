//! A real image registry, and a house in front of it.

use std::sync::LazyLock;

use data_encoding::{BASE64, HEXLOWER};
use ring::digest::{SHA256, digest as hash};
use serde_json::json;

use crate::{
    http::{self, Answer},
    sandbox::{House, Running, folder, free_port, outlives_statics, script, start},
};

/// A registry on this machine's loopback.
pub struct Registry {
    pub url: String,
    running: Running,
}

impl Registry {
    pub fn start() -> Registry {
        let port = free_port();
        let missing = "the registry did not start; `deploy/sandbox/install test` installs it";
        let running = start(script("registry").arg(folder("images")).arg(port.to_string()), missing);
        Registry { url: format!("http://127.0.0.1:{port}"), running }
    }
}

/// One registry for all tests of this run.
pub fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
        let registry = Registry::start();
        outlives_statics(&[&registry.running]);
        registry
    });
    &REGISTRY
}

/// One house in front of it for all tests of this run, which calls it `reg`.
pub fn house() -> &'static House {
    static HOUSE: LazyLock<House> = LazyLock::new(|| {
        let house = in_front_of(&registry().url);
        outlives_statics(&[&house.running]);
        house
    });
    &HOUSE
}

/// A house in front of the registry at `url`, which it calls `reg`.
pub fn in_front_of(url: &str) -> House {
    House::with_settings(&[], &settings(url))
}

/// The settings that declare the registry at `url`, which is called `reg`.
pub fn settings(url: &str) -> String {
    format!("[[registries]]\nname = \"reg\"\nurl = \"{url}\"\nlabels = {{ env = \"test\" }}\n")
}

/// One house in front of two registries for all tests of this run: the one that others use, too, is `one`, and the other `two`.
pub fn two() -> &'static House {
    static OTHER: LazyLock<Registry> = LazyLock::new(|| {
        let registry = Registry::start();
        outlives_statics(&[&registry.running]);
        registry
    });
    static HOUSE: LazyLock<House> = LazyLock::new(|| {
        let section = |name: &str, url: &str| format!("[[registries]]\nname = \"{name}\"\nurl = \"{url}\"\n");
        let house = House::with_settings(&[], &format!("{}{}", section("one", &registry().url), section("two", &OTHER.url)));
        outlives_statics(&[&house.running]);
        house
    });
    &HOUSE
}

/// The digest of a text.
pub fn digest(text: &str) -> String {
    format!("sha256:{}", HEXLOWER.encode(hash(&SHA256, text.as_bytes()).as_ref()))
}

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A descriptor of a text.
pub fn part(media: &str, text: &str) -> serde_json::Value {
    json!({ "mediaType": media, "digest": digest(text), "size": text.len() })
}

/// The manifest of an image of these two texts.
pub fn manifest(config: &str, layer: &str) -> String {
    let config = part("application/vnd.oci.image.config.v1+json", config);
    let layer = part("application/vnd.oci.image.layer.v1.tar", layer);
    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] }).to_string()
}

/// Somebody at the door of the distribution API.
pub struct Client<'h> {
    pub house: &'h House,
    /// The value of `Authorization`.
    pub authorization: String,
}

impl<'h> Client<'h> {
    /// With a personal token.
    pub fn of(house: &'h House, token: &str) -> Self {
        Self { house, authorization: format!("Bearer {token}") }
    }

    pub fn admin(house: &'h House) -> Self {
        Self::of(house, &house.admin)
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers: Vec<_> = headers.iter().copied().chain([("Authorization", self.authorization.as_str())]).collect();
        http::send(self.house.address, method, path, &headers, body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub fn head(&self, path: &str) -> Answer {
        self.send("HEAD", path, &[], "")
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], "")
    }

    /// Begins an upload: where it goes on.
    pub fn begin(&self, repository: &str) -> String {
        let answer = self.send("POST", &format!("/v2/{repository}/blobs/uploads/"), &[], "");
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.header("location").expect("it says where the upload goes on").to_owned()
    }

    pub fn finish(&self, location: &str, digest: &str, body: &str) -> Answer {
        self.send("PUT", &format!("{location}?digest={digest}"), &[("Content-Type", "application/octet-stream")], body)
    }

    /// Uploads a blob, and says its digest.
    pub fn push_blob(&self, repository: &str, text: &str) -> String {
        let answer = self.finish(&self.begin(repository), &digest(text), text);
        assert_eq!(answer.status, 201, "{answer:?}");
        digest(text)
    }

    pub fn put_manifest(&self, repository: &str, reference: &str, media: &str, text: &str) -> Answer {
        self.send("PUT", &format!("/v2/{repository}/manifests/{reference}"), &[("Content-Type", media)], text)
    }

    /// Pushes an image of a layer, and says its manifest.
    pub fn push(&self, repository: &str, tag: &str, layer: &str) -> String {
        self.push_blob(repository, "{}");
        self.push_blob(repository, layer);
        let manifest = manifest("{}", layer);
        let answer = self.put_manifest(repository, tag, MANIFEST, &manifest);
        assert_eq!(answer.status, 201, "{answer:?}");
        manifest
    }

    /// Attaches a text to an image, in the way of registries that have no list of what is attached.
    pub fn attach(&self, repository: &str, image: &str, kind: &str, text: &str) {
        self.push_blob(repository, "{}");
        self.push_blob(repository, text);
        let (config, layer) = (part("application/vnd.oci.empty.v1+json", "{}"), part(kind, text));
        let subject = json!({ "mediaType": MANIFEST, "digest": image, "size": 1 });
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "config": config, "layers": [layer], "subject": subject,
        });
        let manifest = manifest.to_string();
        let answer = self.put_manifest(repository, &digest(&manifest), MANIFEST, &manifest);
        assert_eq!(answer.status, 201, "{answer:?}");
        let mut one = part(MANIFEST, &manifest);
        one["artifactType"] = kind.into();
        let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [one] }).to_string();
        let answer = self.put_manifest(repository, &image.replace(':', "-"), INDEX, &list);
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// Asks the token service: with this username and password, for these scopes.
    pub fn token(house: &House, username: &str, password: &str, query: &str) -> Answer {
        let basic = format!("Basic {}", BASE64.encode(format!("{username}:{password}").as_bytes()));
        http::send(house.address, "GET", &format!("/token?service=pilothouse{query}"), &[("Authorization", &basic)], "")
    }
}

/// The code of an error in the spec's own shape.
pub fn code(answer: &Answer) -> String {
    let errors = answer.json();
    let error = &errors["errors"][0];
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "no sentence: {answer:?}");
    error["code"].as_str().unwrap_or_else(|| panic!("no code: {answer:?}")).to_owned()
}
