//! Connections to a registry, and to where it sends us.

use std::{io, net::SocketAddr, pin::Pin, sync::Arc, task, time::Duration};

use rustls::{ClientConfig, pki_types::ServerName};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use super::address::{Address, is_forbidden, is_own, is_private};
use crate::backends::stream::{Io, Stream};

/// How long it may take until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// How a peer that is gone is found out: after half a minute of silence it is asked.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10)).with_retries(3);

/// Makes connections for one registry.
#[derive(Clone)]
pub struct Connector {
    own: Address,
    /// Where tokens are asked for: settings name them, so they are as good as its own.
    trusted: Arc<[String]>,
    tls: Arc<ClientConfig>,
}

impl Connector {
    pub fn new(own: Address, trusted: &[String], tls: Arc<ClientConfig>) -> Self {
        Self { own, trusted: trusted.into(), tls }
    }

    async fn open(&self, to: Address) -> io::Result<Stream> {
        // Connected to is what was checked: a name that means something else a moment later leads nowhere.
        let found = resolve(&to).await?;
        if to != self.own && !to.is_one_of(&self.trusted) {
            self.check(&found).await?;
        }
        let tcp = TcpStream::connect(&*found).await?;
        tcp.set_nodelay(true)?;
        SockRef::from(&tcp).set_tcp_keepalive(&KEEPALIVE)?;
        if !to.https {
            return Ok(Stream::new(Box::new(tcp)));
        }
        let name = ServerName::try_from(to.host).map_err(io::Error::other)?;
        let tls: Box<dyn Io> = Box::new(tokio_rustls::TlsConnector::from(self.tls.clone()).connect(name, tcp).await?);
        Ok(Stream::new(tls))
    }

    /// Refuses to be sent by a registry to what it should not know: a registry out in the world must not have us ask machines in here.
    async fn check(&self, found: &[SocketAddr]) -> io::Result<()> {
        let refused = || io::Error::new(io::ErrorKind::PermissionDenied, "the registry sends to an address that nobody is to be sent to");
        if found.iter().any(|address| is_forbidden(address.ip())) {
            return Err(refused());
        }
        if !found.iter().any(|address| is_private(address.ip())) {
            return Ok(());
        }
        if may_be_sent(&resolve(&self.own).await?, found) { Ok(()) } else { Err(refused()) }
    }
}

/// Whether a registry at `own` may send us to `found`: out of the world not in here, and out of another machine not to this one, where doors are
/// that nobody else reaches.
fn may_be_sent(own: &[SocketAddr], found: &[SocketAddr]) -> bool {
    let is_no_nearer = |is: fn(std::net::IpAddr) -> bool| !found.iter().any(|to| is(to.ip())) || own.iter().all(|from| is(from.ip()));
    is_no_nearer(is_private) && is_no_nearer(is_own)
}

async fn resolve(address: &Address) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host((address.host.as_str(), address.port)).await?.collect();
    if found.is_empty() { Err(io::Error::new(io::ErrorKind::NotFound, "its name has no address")) } else { Ok(found) }
}

impl tower::Service<http::Uri> for Connector {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: http::Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let to = Address::of(&uri).ok_or_else(|| io::Error::other("this is no address"))?;
            let opened = tokio::time::timeout(CONNECT, connector.open(to)).await;
            opened.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "it did not answer within 10 s")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_sends_to_nothing_that_is_nearer_than_itself() {
        let may = |own: &str, found: &str| may_be_sent(&[own.parse().unwrap()], &[found.parse().unwrap()]);
        let (world, network, this) = ("8.8.8.8:443", "10.0.0.1:443", "127.0.0.1:8443");
        assert!(may(world, world) && may(network, network) && may(this, this));
        assert!(may(this, network) && may(this, world) && may(network, world));
        assert!(!may(world, network) && !may(world, this) && !may(network, this) && !may(network, "[64:ff9b::7f00:1]:8443"));
    }
}
