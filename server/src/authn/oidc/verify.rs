//! Whether an ID token is to be believed.

use openidconnect::{
    ClaimsVerificationError, ClientId, IdTokenVerifier, Nonce, SignatureVerificationError,
    core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm},
};

use super::{
    claims::{self, Claims},
    metadata::Metadata,
};
use crate::clock::now_ms;

/// The signatures that are taken: of keys that the provider alone has. Never `none`, and none made with a shared secret, which a
/// public key could be passed off as.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// How far the provider's clock may be ahead, in s.
const SKEW_S: f64 = 60.0;

/// Why a token is not believed.
pub enum Doubt {
    /// It is signed with a key that is not known here; the provider may have a new one.
    UnknownKey,
    Wrong(String),
}

/// The claims of `token`, once everything about it was checked. Without a nonce for one that no sign-in asked for.
pub fn verified(token: &CoreIdToken, metadata: &Metadata, client_id: &str, nonce: Option<&Nonce>) -> Result<Claims, Doubt> {
    // As of a public client: such a verifier has no shared secret at all.
    let verifier: CoreIdTokenVerifier<'_> =
        IdTokenVerifier::new_public_client(ClientId::new(client_id.to_owned()), metadata.issuer().clone(), metadata.jwks().clone())
            .set_allowed_algs(ALGORITHMS)
            .set_other_audience_verifier_fn(|_| false);
    let checked = match nonce {
        Some(nonce) => token.claims(&verifier, nonce).map(|_| ()),
        None => token.claims(&verifier, |_: Option<&Nonce>| Ok(())).map(|_| ()),
    };
    checked.map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => Doubt::UnknownKey,
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::DisallowedAlg(_)) => {
            Doubt::Wrong("The ID token is signed in a way that is not taken here.".to_owned())
        }
        ClaimsVerificationError::SignatureVerification(_) => Doubt::Wrong("The ID token's signature is wrong.".to_owned()),
        ClaimsVerificationError::Expired(_) => Doubt::Wrong("The ID token has expired.".to_owned()),
        ClaimsVerificationError::InvalidAudience(_) => Doubt::Wrong("The ID token is for another client.".to_owned()),
        ClaimsVerificationError::InvalidIssuer(_) => Doubt::Wrong("The ID token is of another issuer.".to_owned()),
        ClaimsVerificationError::InvalidNonce(_) => Doubt::Wrong("The ID token is not of this sign-in: its nonce is another.".to_owned()),
        _ => Doubt::Wrong("The ID token cannot be believed.".to_owned()),
    })?;
    let claims = claims::payload(&token.to_string()).ok_or_else(|| Doubt::Wrong("The ID token cannot be read.".to_owned()))?;
    further(&claims, client_id)?;
    Ok(claims)
}

/// What the library leaves to us.
fn further(claims: &Claims, client_id: &str) -> Result<(), Doubt> {
    if claims.get("azp").is_some_and(|party| party != client_id) {
        return Err(Doubt::Wrong("The ID token was given to another client.".to_owned()));
    }
    let now = now_ms() as f64 / 1000.0;
    for name in ["nbf", "iat"] {
        let Some(value) = claims.get(name) else { continue };
        if !value.as_f64().is_some_and(|at| at <= now + SKEW_S) {
            return Err(Doubt::Wrong("The ID token is not good yet.".to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_library_leaves_to_us_is_looked_at() {
        let good = |claims: serde_json::Value| further(claims.as_object().unwrap(), "us").is_ok();
        let now = now_ms() / 1000;
        assert!(good(json!({})));
        assert!(good(json!({ "azp": "us", "nbf": now, "iat": now })));
        assert!(!good(json!({ "azp": "others" })));
        assert!(!good(json!({ "azp": ["us"] })));
        assert!(!good(json!({ "nbf": now + 600 })));
        assert!(!good(json!({ "nbf": "0" })));
        assert!(!good(json!({ "iat": now + 600 })));
    }
}
