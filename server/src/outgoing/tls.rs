//! TLS to servers elsewhere: the authorities of this machine, or those that the settings name.

use std::sync::{Arc, LazyLock};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
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
    let roots = if ca.trim().is_empty() { OF_THIS_MACHINE.clone() } else { Arc::new(roots(ca)?) };
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
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
