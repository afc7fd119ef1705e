//! Sigstore's bundles: a statement about an image, signed by a key, or by somebody whom a certificate names. The formats, and all that is about
//! certificates and logs, are the library's.

use sigstore_verify::{
    VerificationPolicy, Verifier,
    crypto::install_default_provider,
    trust_root::TrustedRoot,
    types::{Bundle, Sha256Hash, SignatureContent, Statement},
};

use super::{proof::Signers, provider::RING};
use crate::access::guard::image_name;

/// The largest bundle that is read, in bytes.
pub const LARGEST: usize = 1024 * 1024;

const KIND: &str = "application/vnd.dev.sigstore.bundle";
const IN_TOTO: &str = "application/vnd.in-toto+json";
/// What a statement says that is a signature, and no attestation of something else.
const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";

/// Whose certificates, logs and clocks count.
pub struct Root(Verifier);

impl Root {
    /// Reads a trusted root, as sigstore publishes it: `trusted_root.json`.
    ///
    /// # Errors
    /// One sentence about why it is none.
    pub fn read(json: &str) -> Result<Self, String> {
        // A second time changes nothing.
        let _ = install_default_provider(&RING);
        let root = TrustedRoot::from_json(json).map_err(|error| format!("It is no trusted root of sigstore: {error}."))?;
        Verifier::new(&root).map(Self).map_err(|error| format!("The trusted root cannot be used: {error}."))
    }
}

/// Whether this is what a bundle is called, of whichever version.
pub fn is_bundle(media: &str) -> bool {
    media.starts_with(KIND)
}

/// Checks that a bundle says of this very digest that one of `signers` has signed it.
///
/// # Errors
/// Why it does not, in a few words.
pub fn check(bundle: &[u8], digest: &str, signers: &Signers, root: Option<&Root>) -> Result<(), String> {
    let statement = statement(bundle, digest, signers, root)?;
    if statement.predicate_type == SIGNED { Ok(()) } else { Err(format!("it attests {} and is no signature", image_name(&statement.predicate_type))) }
}

/// What one of `signers` has stated about a digest.
fn statement(bundle: &[u8], digest: &str, signers: &Signers, root: Option<&Root>) -> Result<Statement, String> {
    let text = std::str::from_utf8(bundle).map_err(|_| "a bundle is no text")?;
    let bundle = Bundle::from_json(text).map_err(|_| "a bundle cannot be read")?;
    let hash = digest.strip_prefix("sha256:").and_then(|hex| Sha256Hash::from_hex(hex).ok()).ok_or("its digest is not by sha256")?;
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else { return Err("a bundle holds no statement".to_owned()) };
    if envelope.payload_type != IN_TOTO {
        return Err("a bundle states nothing of an image".to_owned());
    }
    if bundle.signing_certificate().is_some() {
        by_certificate(&bundle, hash, signers, root)?;
    } else if !signers.keys.iter().any(|key| key.has_signed(&envelope.pae(), envelope.signature.sig.as_bytes())) {
        return Err("signed by another key".to_owned());
    }
    let statement: Statement = serde_json::from_slice(envelope.payload.as_bytes()).map_err(|_| "a statement cannot be read")?;
    if statement.matches_sha256(&hash) { Ok(statement) } else { Err("signed, but for another digest".to_owned()) }
}

fn by_certificate(bundle: &Bundle, hash: Sha256Hash, signers: &Signers, root: Option<&Root>) -> Result<(), String> {
    if signers.identities.is_empty() {
        return Err("signed by a certificate, and only keys are named".to_owned());
    }
    let Some(Root(verifier)) = root else { return Err("signed by a certificate, and the settings have no trusted root".to_owned()) };
    let mut why = String::new();
    for identity in &signers.identities {
        let policy = VerificationPolicy::new(identity.name.as_str(), identity.issuer.as_str());
        match verifier.verify(hash, bundle, &policy) {
            Ok(_) => return Ok(()),
            Err(error) => why = image_name(&error.to_string()),
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded: see `recorded/README.md`.
    const BUNDLE: &str = include_str!("recorded/conda-attestation.sigstore.json");
    const ROOT: &str = include_str!("recorded/public-good.json");
    const DIGEST: &str = "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";
    const WHO: &str = "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main";
    const ISSUER: &str = "https://token.actions.githubusercontent.com";

    fn stated(bundle: &str, digest: &str, who: &str, root: Option<&Root>) -> Result<Statement, String> {
        statement(bundle.as_bytes(), digest, &Signers::read(&[], &[format!("{who} {ISSUER}")]).unwrap(), root)
    }

    #[test]
    fn whom_a_certificate_names_has_stated_it_and_nobody_else() {
        let root = Root::read(ROOT).unwrap();
        let good = stated(BUNDLE, DIGEST, WHO, Some(&root));
        assert!(good.is_ok(), "{good:?}");
        let other = format!("sha256:{}", "1".repeat(64));
        for (what, bad) in [
            ("another digest", stated(BUNDLE, &other, WHO, Some(&root))),
            ("another identity", stated(BUNDLE, DIGEST, "https://github.com/evil/x/.github/workflows/a.yaml@refs/heads/main", Some(&root))),
            ("no root", stated(BUNDLE, DIGEST, WHO, None)),
            ("cut", stated(&BUNDLE[..BUNDLE.len() / 2], DIGEST, WHO, Some(&root))),
            ("another statement", stated(&tampered("payload"), DIGEST, WHO, Some(&root))),
            ("another signature", stated(&tampered("sig"), DIGEST, WHO, Some(&root))),
        ] {
            assert!(bad.is_err(), "{what}");
        }
        let other_issuer = Signers::read(&[], &[format!("{WHO} https://accounts.example.org")]).unwrap();
        assert!(statement(BUNDLE.as_bytes(), DIGEST, &other_issuer, Some(&root)).is_err());
    }

    /// The bundle with a little of one of its fields changed.
    fn tampered(field: &str) -> String {
        let mark = format!("\"{field}\"");
        let at = BUNDLE.find(&mark).unwrap() + mark.len();
        let value = at + BUNDLE[at..].find('"').unwrap() + 20;
        let other = if &BUNDLE[value..=value] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &BUNDLE[..value], &BUNDLE[value + 1..])
    }

    #[test]
    fn what_is_attested_is_not_signed_by_that() {
        let root = Root::read(ROOT).unwrap();
        let signers = Signers::read(&[], &[format!("{WHO} {ISSUER}")]).unwrap();
        let why = check(BUNDLE.as_bytes(), DIGEST, &signers, Some(&root)).unwrap_err();
        assert!(why.contains("is no signature"), "{why}");
    }

    #[test]
    fn a_root_is_one() {
        for bad in ["", "{}", "[]", "{\"mediaType\": 7}"] {
            assert!(Root::read(bad).is_err(), "{bad}");
        }
    }
}
