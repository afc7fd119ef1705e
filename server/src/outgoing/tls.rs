//! TLS to servers elsewhere: the authorities of this machine, or those that the settings name.

use std::sync::{Arc, LazyLock};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// The authorities that this machine trusts, read once.
static OF_THIS_MACHINE: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "Not all of this machine's certificate authorities can be read.");
    }
    roots.add_parsable_certificates(found.certs);
    Arc::new(roots)
});

/// A client's side of TLS. `ca` is PEM, or empty for the authorities of this machine.
///
/// # Errors
/// One sentence about what is wrong with `ca`.
pub fn client(ca: &str) -> Result<Arc<ClientConfig>, String> {
    client_with(ca, None)
}

/// The same, with a certificate of one's own to show, and its key, both PEM: for servers that ask for one.
///
/// # Errors
/// One sentence about what is wrong with them; it says nothing of the key.
pub fn client_with(ca: &str, own: Option<(&str, &str)>) -> Result<Arc<ClientConfig>, String> {
    let roots = if ca.trim().is_empty() { OF_THIS_MACHINE.clone() } else { Arc::new(roots(ca)?) };
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let Some((cert, key)) = own else { return Ok(Arc::new(builder.with_no_client_auth())) };
    let chain = CertificateDer::pem_slice_iter(cert.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|e| format!("The certificate cannot be read: {e}."))?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| "The certificate's key cannot be read.".to_owned())?;
    let config = builder.with_client_auth_cert(chain, key).map_err(|e| format!("The certificate cannot be shown: {e}."))?;
    Ok(Arc::new(config))
}

fn roots(ca: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        let ca = ca.map_err(|e| format!("The authority's certificate cannot be read: {e}."))?;
        roots.add(ca).map_err(|e| format!("The authority's certificate cannot be used: {e}."))?;
    }
    if roots.is_empty() { Err("The authority's text holds no PEM certificate.".to_owned()) } else { Ok(roots) }
}

/// Whether `host` is this machine, so that nobody can listen on the way.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
