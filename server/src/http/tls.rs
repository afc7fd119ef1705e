//! TLS on the listener: the certificate that it shows, and client certificates of the house's own authority.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    authn::secret::{self, Hash},
    authority::Authority,
    clock::now_ms,
};

/// The first byte of whoever speaks TLS.
const HANDSHAKE: u8 = 0x16;
/// A certificate of the house's own is made anew when it is this old, in ms: 30 days.
const OWN_RENEWED_MS: i64 = 30 * 86_400_000;
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nConnection: close\r\n\r\n\
                       This port speaks TLS only: use https:// instead.\n";

/// Where the listener's certificate comes from.
pub enum Shown {
    /// PEM files, read again when they change.
    Files { cert: PathBuf, key: PathBuf },
    /// The house's own authority makes it, for these names and addresses.
    Own(Vec<String>),
}

/// What the listener needs to speak TLS.
pub struct Tls {
    shown: Shown,
    authority: Arc<Authority>,
    config: ArcSwap<ServerConfig>,
    /// The texts of the files in use, or when our own certificate was made.
    made: Mutex<Made>,
}

#[derive(Eq, PartialEq)]
enum Made {
    Of(String, String),
    At(i64),
}

impl Tls {
    /// # Errors
    /// One sentence that says which file is wrong.
    pub fn open(shown: Shown, authority: Arc<Authority>) -> Result<Self, String> {
        let (config, made) = load(&shown, &authority)?;
        Ok(Self { shown, authority, config: ArcSwap::from_pointee(config), made: Mutex::new(made) })
    }

    /// Shows a newer certificate, if there is one. When it is of no use the one in use stays.
    pub fn renew(&self) -> Result<(), String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*made, Made::At(at) if now_ms() < *at + OWN_RENEWED_MS) {
            return Ok(());
        }
        if let Shown::Files { cert, key } = &self.shown
            && *made == Made::Of(read(cert)?, read(key)?)
        {
            return Ok(());
        }
        let (config, now) = load(&self.shown, &self.authority)?;
        self.config.store(Arc::new(config));
        *made = now;
        tracing::info!("The listener shows a new certificate.");
        Ok(())
    }

    /// Shakes hands. `None` when whoever connected speaks no TLS, and was told so.
    pub async fn accept(&self, mut stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first != [HANDSHAKE] {
            stream.write_all(PLAIN).await?;
            stream.shutdown().await?;
            return Ok(None);
        }
        TlsAcceptor::from(self.config.load_full()).accept(stream).await.map(Some)
    }
}

/// The fingerprint of the certificate that the client showed, if it showed one: its key was proved, and that our authority signed it.
pub fn shown_by(stream: &TlsStream<TcpStream>) -> Option<Hash> {
    let (_, connection) = stream.get_ref();
    connection.peer_certificates()?.first().map(|certificate| secret::hash_bytes(certificate))
}

fn load(shown: &Shown, authority: &Authority) -> Result<(ServerConfig, Made), String> {
    match shown {
        Shown::Files { cert, key } => {
            let (cert_pem, key_pem) = (read(cert)?, read(key)?);
            let config = config(&cert_pem, &key_pem, authority)?;
            Ok((config, Made::Of(cert_pem, key_pem)))
        }
        Shown::Own(hosts) => {
            let issued = authority.server(hosts).map_err(|e| format!("tls: {e}."))?;
            // The authority's own goes along, so that whoever does not know it can look at it.
            let chain = format!("{}{}", issued.certificate, authority.pem());
            Ok((config(&chain, &issued.key, authority)?, Made::At(now_ms())))
        }
    }
}

fn read(path: &PathBuf) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("tls: {}: {e}.", path.display()))
}

fn config(cert: &str, key: &str, authority: &Authority) -> Result<ServerConfig, String> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(cert.as_bytes()).collect::<Result<_, _>>().map_err(|e| format!("tls: cert cannot be read: {e}."))?;
    if chain.is_empty() {
        return Err("tls: cert holds no certificate.".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|e| format!("tls: key cannot be read: {e}."))?;
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone()).map_err(|e| format!("tls: the house's own authority: {e}."))?;
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
        .allow_unauthenticated()
        .build()
        .map_err(|e| format!("tls: the house's own authority: {e}."))?;
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|e| format!("tls: cert and key cannot be used together: {e}."))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::PLAIN;

    #[test]
    fn the_words_for_who_speaks_no_tls_are_as_long_as_they_say() {
        let text = std::str::from_utf8(PLAIN).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{}", body.len());
    }
}
