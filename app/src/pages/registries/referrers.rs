//! What speaks of an image: signatures, lists of what is inside, attestations.

use leptos::prelude::*;

use super::address::At;
use crate::api::repositories::Referrer;
use crate::ui::CopyButton;
use crate::ui::format::{bytes, short_id};

/// A name for what is known by such an artifact type; the type itself for any other.
pub(super) fn plain_name(referrer: &Referrer) -> String {
    let kind = referrer.artifact_type.as_str();
    let attests = referrer.annotations.keys().any(|key| key.ends_with("predicateType") || key.ends_with("predicate-type"));
    let known = match kind {
        "application/vnd.dev.cosign.artifact.sig.v1+json" | "application/vnd.dev.cosign.simplesigning.v1+json" => "Signature (cosign)",
        "application/vnd.dev.cosign.artifact.att.v1+json" => "Attestation (cosign)",
        "application/vnd.dev.cosign.artifact.sbom.v1+json" => "SBOM (cosign)",
        "application/vnd.cncf.notary.signature" => "Signature (Notary)",
        "application/spdx+json" | "text/spdx" | "text/spdx+json" | "text/spdx+xml" | "application/vnd.spdx+json" => "SBOM (SPDX)",
        "application/vnd.cyclonedx" | "application/vnd.cyclonedx+json" | "application/vnd.cyclonedx+xml" => "SBOM (CycloneDX)",
        "application/vnd.syft+json" => "SBOM (Syft)",
        "application/vnd.in-toto+json" => "Attestation (in-toto)",
        "application/vnd.dsse.envelope.v1+json" => "Attestation (DSSE)",
        "application/vnd.docker.attestation.manifest.v1+json" | "attestation-manifest" => "Attestation (BuildKit)",
        "application/sarif+json" => "Scan report (SARIF)",
        "application/vnd.cncf.helm.config.v1+json" => "Helm chart",
        bundle if bundle.starts_with("application/vnd.dev.sigstore.bundle") && attests => "Attestation (Sigstore)",
        bundle if bundle.starts_with("application/vnd.dev.sigstore.bundle") => "Signature (Sigstore)",
        "" => "Something that does not say what it is",
        other => other,
    };
    known.to_owned()
}

#[component]
pub(super) fn Referrers(at: StoredValue<At>, referrers: Signal<Vec<Referrer>>) -> impl IntoView {
    let line = move |referrer: Referrer| {
        let href = at.with_value(|at| at.image_page(&referrer.digest));
        let annotations = referrer.annotations.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ");
        let annotations = (!annotations.is_empty()).then(|| view! { <small>{annotations}</small> });
        view! {
            <li>
                <a href=href title=referrer.artifact_type.clone()>{plain_name(&referrer)}</a>
                <span class="with-copy">
                    <code>{short_id(&referrer.digest)}</code>
                    <CopyButton text=referrer.digest.clone() label="Copy its digest"/>
                </span>
                <span class="muted">{bytes(referrer.size)}</span>
                {annotations}
            </li>
        }
    };
    move || {
        let referrers = referrers.get();
        if referrers.is_empty() {
            return view! { <p class="none">"Nothing in the registry signs it, lists what is inside, or attests how it was made."</p> }.into_any();
        }
        view! { <ul class="run-lines">{referrers.into_iter().map(line).collect_view()}</ul> }.into_any()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::plain_name;
    use crate::api::repositories::Referrer;

    #[test]
    fn known_types_have_plain_names() {
        let name = |kind: &str, annotation: &str| {
            let annotations: BTreeMap<String, String> =
                [(annotation.to_owned(), "x".to_owned())].into_iter().filter(|(name, _)| !name.is_empty()).collect();
            plain_name(&Referrer { digest: "sha256:0".into(), artifact_type: kind.into(), size: 0, annotations })
        };
        assert_eq!(name("application/vnd.cncf.notary.signature", ""), "Signature (Notary)");
        assert_eq!(name("application/spdx+json", ""), "SBOM (SPDX)");
        assert_eq!(name("application/vnd.dev.sigstore.bundle.v0.3+json", ""), "Signature (Sigstore)");
        assert_eq!(name("application/vnd.dev.sigstore.bundle.v0.3+json", "dev.sigstore.bundle.predicateType"), "Attestation (Sigstore)");
        assert_eq!(name("application/x.own", ""), "application/x.own");
    }
}
