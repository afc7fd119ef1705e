//! Connections to an engine: unix socket, TCP, or TCP with mutual TLS.

use std::{io, pin::Pin, sync::Arc, task, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::net::{TcpStream, UnixStream};

use super::Address;
use crate::backends::stream::{Io, Stream};

/// How long it may take until a connection stands.
pub const CONNECT: Duration = Duration::from_secs(5);

/// The client side of mutual TLS, from PEM texts.
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// # Errors
    /// One sentence that says which of the three texts is wrong.
    pub fn from_pem(ca: &str, cert: &str, key: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for ca in CertificateDer::pem_slice_iter(ca.as_bytes()) {
            let ca = ca.map_err(|e| format!("The authority's certificate cannot be read: {e}."))?;
            roots.add(ca).map_err(|e| format!("The authority's certificate cannot be used: {e}."))?;
        }
        if roots.is_empty() {
            return Err("The authority's text holds no certificate.".to_owned());
        }
        let chain: Vec<_> = CertificateDer::pem_slice_iter(cert.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|e| format!("The client certificate cannot be read: {e}."))?;
        if chain.is_empty() {
            return Err("The client certificate's text holds no certificate.".to_owned());
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|e| format!("The client key cannot be read: {e}."))?;
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(|e| format!("The client certificate and key cannot be used together: {e}."))?;
        Ok(Self(Arc::new(config)))
    }
}

/// Makes connections to one engine.
#[derive(Clone)]
pub struct Connector {
    address: Address,
    tls: Option<Tls>,
}

impl Connector {
    /// # Errors
    /// When the address wants TLS and there are no certificates.
    pub fn new(address: Address, tls: Option<Tls>) -> Result<Self, String> {
        if matches!(address, Address::Tls { .. }) && tls.is_none() {
            return Err("An engine by tcp:// needs the authority's certificate, a client certificate and its key. \
                        If it really speaks without TLS, say so: tcp+plain://."
                .to_owned());
        }
        Ok(Self { address, tls })
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// A new connection, within [`CONNECT`].
    pub async fn connect(&self) -> io::Result<Stream> {
        let connected = tokio::time::timeout(CONNECT, self.open()).await;
        connected.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "it did not answer within 5 s")))
    }

    async fn open(&self) -> io::Result<Stream> {
        let io: Box<dyn Io> = match &self.address {
            Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
            Address::Plain { host, port } => Box::new(tcp(host, *port).await?),
            Address::Tls { host, port } => {
                let tcp = tcp(host, *port).await?;
                let Some(tls) = &self.tls else { return Err(io::Error::other("there are no certificates for it")) };
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                Box::new(tokio_rustls::TlsConnector::from(tls.0.clone()).connect(name, tcp).await?)
            }
        };
        Ok(Stream::new(io))
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl tower::Service<http::Uri> for Connector {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect().await })
    }
}
