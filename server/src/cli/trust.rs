//! Whether whoever answers at an address is who should: by the system's authorities, or by one that was looked at.

use std::{
    io::{self, BufRead, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::{
    ask,
    site::{Site, tls_config},
};
use crate::authn::secret;

/// Those of this text, or the system's own.
pub fn roots(ca: Option<&str>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let Some(ca) = ca else {
        // One that cannot be read is no reason to trust none of the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        let certificate = certificate.map_err(|e| format!("The authority's certificate cannot be read: {e}."))?;
        roots.add(certificate).map_err(|e| format!("The authority's certificate cannot be used: {e}."))?;
    }
    if roots.is_empty() { Err("The authority's file holds no certificate.".to_owned()) } else { Ok(roots) }
}

/// Finds out whether the site is to be trusted. Answers with the authority that is to be kept for it, as PEM, where it is not the
/// system's.
pub async fn settle(site: &Site, ca: Option<String>, fingerprint: Option<&str>) -> Result<Option<String>, String> {
    if !site.https {
        return Ok(None);
    }
    let failed = |error: io::Error| format!("{} cannot be trusted, or not be reached: {error}.", site.url);
    match site.connect_tls(Arc::new(tls_config(roots(ca.as_deref())?))).await {
        Ok(_) => return Ok(ca),
        Err(error) if ca.is_none() && is_unknown(&error) => {}
        Err(error) => return Err(failed(error)),
    }
    let shown = shown_by(site).await?;
    let found = secret::hex(&secret::hash_bytes(&shown));
    match fingerprint {
        Some(wanted) if wanted.replace(':', "").eq_ignore_ascii_case(&found) => {}
        Some(_) => return Err(format!("{} shows another authority, with the SHA-256 fingerprint {found}.", site.url)),
        None => confirm(site, &found)?,
    }
    let ca = pem(&shown);
    // From here on it counts like any other: its name and its time are looked at too.
    site.connect_tls(Arc::new(tls_config(roots(Some(&ca))?))).await.map_err(failed)?;
    Ok(Some(ca))
}

fn confirm(site: &Site, found: &str) -> Result<(), String> {
    let unknown = format!("The authority that {} shows is not known to this machine. Its SHA-256 fingerprint is\n{found}", site.url);
    if !io::stdin().is_terminal() {
        return Err(format!("{unknown}\nGive it with --fingerprint, or its certificate with --ca."));
    }
    ask(&format!("{unknown}\nPilothouse prints its own in its log when it starts. Is it the same? Type yes: "));
    let mut answer = String::new();
    let _ = io::stdin().lock().read_line(&mut answer);
    if answer.trim() == "yes" { Ok(()) } else { Err("Then nothing was sent there.".to_owned()) }
}

fn is_unknown(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)))
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    // rcgen's own way of writing one: lines of 64.
    let text = base64(certificate);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for piece in bytes.chunks(3) {
        let number = piece.iter().chain([0, 0].iter()).take(3).fold(0_u32, |n, b| n << 8 | u32::from(*b));
        for at in 0..4 {
            let digit = char::from(DIGITS[(number >> (18 - 6 * at) & 63) as usize]);
            text.push(if at <= piece.len() { digit } else { '=' });
        }
    }
    text
}

/// The authority that the site shows: the last of its chain.
async fn shown_by(site: &Site) -> Result<CertificateDer<'static>, String> {
    let look = Arc::new(Look::default());
    let config = ClientConfig::builder().dangerous().with_custom_certificate_verifier(look.clone()).with_no_client_auth();
    let _ = site.connect_tls(Arc::new(config)).await;
    let seen = look.last.lock().unwrap_or_else(PoisonError::into_inner).take();
    seen.ok_or_else(|| format!("{} shows no authority.", site.url))
}

/// Looks at what is shown, and trusts nobody: the handshake always fails.
#[derive(Debug, Default)]
struct Look {
    last: Mutex<Option<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Look {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let last = intermediates.last().unwrap_or(end_entity);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last.clone().into_owned());
        Err(rustls::Error::General("only looked at".to_owned()))
    }

    fn verify_tls12_signature(&self, _: &[u8], _: &CertificateDer<'_>, _: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("only looked at".to_owned()))
    }

    fn verify_tls13_signature(&self, _: &[u8], _: &CertificateDer<'_>, _: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("only looked at".to_owned()))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_as_it_was() {
        for length in [1, 2, 3, 47, 48, 49, 300] {
            let der = CertificateDer::from((0..length).map(|n| (n * 7) as u8).collect::<Vec<u8>>());
            assert_eq!(CertificateDer::from_pem_slice(pem(&der).as_bytes()).unwrap(), der, "{length}");
        }
    }
}
