//! The house's own certificate authority: made on first use, its key sealed at rest, and what it signs.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use time::OffsetDateTime;

use crate::{
    authn::secret,
    clock::now_ms,
    seal::{Seal, SealError},
    store::{Store, StoreError, certificates::AuthorityRow},
};

/// Where the key is kept, for the seal.
const PLACE: &str = "authority/key";
const DAY_MS: i64 = 86_400_000;
/// How long the authority lasts, in ms: ten years.
const LASTS_MS: i64 = 3_653 * DAY_MS;
/// How long a certificate of the house's own listener lasts, in ms. It is made anew long before.
const SERVER_LASTS_MS: i64 = 90 * DAY_MS;
/// A clock that is behind by less than this takes a new certificate all the same, in ms.
const SKEW_MS: i64 = 5 * 60_000;

#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("the authority's key: {0}")]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a certificate could not be made: {0}")]
    NotMade(#[from] rcgen::Error),
    #[error("the authority's certificate in the database cannot be read")]
    Unreadable,
    #[error(transparent)]
    NoRandomness(#[from] secret::NoRandomness),
}

/// Signs certificates that the house itself will know again.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

/// A certificate and its key, as PEM. The key is in no other place.
pub struct Issued {
    pub certificate: String,
    pub key: String,
    /// The SHA-256 of the certificate.
    pub fingerprint: secret::Hash,
}

impl Authority {
    /// Reads it from the store, or makes it.
    pub async fn open(store: &Store, seal: &Seal) -> Result<Self, AuthorityError> {
        let row = match store.authority().await? {
            Some(row) => row,
            None => {
                let row = make(seal)?;
                match store.add_authority(&row).await {
                    // Another replica was quicker.
                    Err(StoreError::Exists) => store.authority().await?.ok_or(AuthorityError::Unreadable)?,
                    made => made.map(|()| row)?,
                }
            }
        };
        let key = KeyPair::from_pem(&seal.open_sealed(PLACE, &row.key)?)?;
        let certificate = CertificateDer::from_pem_slice(row.certificate.as_bytes()).map_err(|_| AuthorityError::Unreadable)?;
        Ok(Self { issuer: Issuer::new(own_params(&row.name, row.created_at)?, key), certificate, pem: row.certificate })
    }

    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Its certificate, for those who are to trust it.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The SHA-256 of its certificate, as hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        secret::hex(&secret::hash_bytes(&self.certificate))
    }

    /// A client certificate of `username`, good for nothing but to be a client.
    pub fn client(&self, id: &str, username: &str, expires_at: i64) -> Result<Issued, AuthorityError> {
        let mut params = params(username, now_ms(), expires_at)?;
        params.subject_alt_names = vec![SanType::URI(format!("pilothouse:certificate/{id}").try_into()?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    /// A certificate for the house's own listener, by these names and addresses.
    pub fn server(&self, hosts: &[String]) -> Result<Issued, AuthorityError> {
        let now = now_ms();
        let mut params = params("Pilothouse", now, now + SERVER_LASTS_MS)?;
        params.subject_alt_names = CertificateParams::new(hosts)?.subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Result<Issued, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { fingerprint: secret::hash_bytes(certificate.der()), certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

fn make(seal: &Seal) -> Result<AuthorityRow, AuthorityError> {
    let (name, created_at) = (secret::id()?, now_ms());
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = own_params(&name, created_at)?.self_signed(&key)?.pem();
    Ok(AuthorityRow { certificate, key: seal.seal(PLACE, &key.serialize_pem())?, name, created_at })
}

/// The authority's own certificate, always the same for the same name: what it signs refers to it.
fn own_params(name: &str, created_at: i64) -> Result<CertificateParams, AuthorityError> {
    let mut params = params(&format!("Pilothouse authority {name}"), created_at, created_at + LASTS_MS)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn params(subject: &str, from: i64, until: i64) -> Result<CertificateParams, AuthorityError> {
    let time = |ms: i64| OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).map_err(|_| AuthorityError::Unreadable);
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.not_before = time(from - SKEW_MS)?;
    params.not_after = time(until)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_the_same_after_a_start_and_its_key_is_sealed() {
        let dir = std::env::temp_dir().join(format!("ph-authority-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let store = Store::open(&dir.join("test.db")).await.unwrap();
        let seal = Seal::open(&dir.join("key")).unwrap();
        let first = Authority::open(&store, &seal).await.unwrap();
        let again = Authority::open(&store, &seal).await.unwrap();
        assert_eq!(first.pem(), again.pem());
        let row = store.authority().await.unwrap().unwrap();
        assert!(!row.key.windows(11).any(|w| w == b"PRIVATE KEY"));
        assert!(Authority::open(&store, &Seal::open(&dir.join("other")).unwrap()).await.is_err());
        // What either of them signs is trusted by whoever trusts the one.
        let mut roots = rustls::RootCertStore::empty();
        roots.add(first.certificate().clone()).unwrap();
        let verifier = rustls::server::WebPkiClientVerifier::builder(std::sync::Arc::new(roots)).build().unwrap();
        let verify = |issued: &Issued| {
            let certificate = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap();
            verifier.verify_client_cert(&certificate, &[], rustls::pki_types::UnixTime::now()).is_ok()
        };
        assert!(verify(&again.client("id", "ana", now_ms() + DAY_MS).unwrap()));
        assert!(!verify(&again.client("id", "ana", now_ms() - DAY_MS).unwrap()), "an expired one");
        assert!(!verify(&again.server(&["h.example".to_owned()]).unwrap()), "a server's is no client's");
        store.close().await;
        std::fs::remove_dir_all(dir).unwrap();
    }
}
