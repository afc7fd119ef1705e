//! Our own accept loop: a deadline for every head, a cap on connections, and an end that lets what runs finish.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::authn::secret::Hash;

use super::{
    Front, Tls,
    heads::{LONGEST, Watched},
    tls,
};

/// A peer that says nothing is asked after a minute whether it is still there, and given up half a minute later.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(10)).with_retries(3);

/// What the listener lets in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// Connections at the same time from one address that is not this machine.
    pub per_address: usize,
    /// How long a handshake or a request's head may take, and how long a connection may lie idle.
    pub head: Duration,
    /// How long everything may go on once the end was asked for.
    pub grace: Duration,
    /// How long requests may still take after that, when live streams have been ended.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 8_192, per_address: 1_024, head: Duration::from_secs(15), grace: Duration::from_secs(5), drain: Duration::from_secs(15) }
    }
}

/// The other end of a connection.
#[derive(Clone, Copy)]
pub struct Peer {
    pub address: SocketAddr,
    /// The fingerprint of the client certificate that it showed and holds the key of.
    pub certificate: Option<Hash>,
}

/// Accepts and serves connections until `stop`, then lets what runs finish for a while.
pub async fn serve(listener: TcpListener, tls: Option<Arc<Tls>>, front: Arc<Front>, limits: Limits, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let crowd = Arc::new(Crowd::default());
    let tracker = TaskTracker::new();
    let cut = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: those in use must come free first.
                tracing::warn!(%error, "A connection could not be accepted.");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(seat) = room.clone().try_acquire_owned() else { continue };
        let Some(place) = crowd.enter(peer.ip(), limits.per_address) else { continue };
        let _ = stream.set_nodelay(true);
        // Who follows a quiet stream and is gone without a word is found out like this alone.
        let _ = SockRef::from(&stream).set_tcp_keepalive(&KEEPALIVE);
        let (tls, front, stop, cut) = (tls.clone(), front.clone(), stop.clone(), cut.clone());
        tracker.spawn(async move {
            let _held = (seat, place);
            tokio::select! {
                () = talk(stream, peer, tls, front, limits, stop) => {}
                () = cut.cancelled() => {}
            }
        });
    }
    drop(listener);
    tracker.close();
    if tokio::time::timeout(limits.grace, tracker.wait()).await.is_ok() {
        return;
    }
    front.house.end_streams();
    if tokio::time::timeout(limits.drain, tracker.wait()).await.is_err() {
        tracing::warn!("Some connections are cut: they did not end in time.");
        cut.cancel();
        tracker.wait().await;
    }
}

/// Shakes hands, if TLS is spoken, and serves what is asked.
async fn talk(stream: TcpStream, address: SocketAddr, tls: Option<Arc<Tls>>, front: Arc<Front>, limits: Limits, stop: CancellationToken) {
    let Some(tls) = tls else { return connection(stream, Peer { address, certificate: None }, front, limits, stop).await };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(limits.head, tls.accept(stream)) => shaken,
        () = stop.cancelled() => return,
    };
    // Whoever fails here said nothing yet that could be answered.
    let Ok(Ok(Some(stream))) = shaken else { return };
    let certificate = tls::shown_by(&stream);
    connection(stream, Peer { address, certificate }, front, limits, stop).await;
}

async fn connection<S>(stream: S, peer: Peer, front: Arc<Front>, limits: Limits, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (stream, requests) = Watched::new(stream);
    let asked = AtomicU64::new(0);
    let service = service_fn(move |request| {
        let (front, requests) = (front.clone(), requests.clone());
        let ambiguous = requests.refuses(asked.fetch_add(1, Ordering::Relaxed));
        async move {
            let answer = front.answer(request, peer, ambiguous).await;
            Ok::<_, std::convert::Infallible>(answer.map(|body| requests.answer(body)))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(LONGEST)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// How many connections each address has.
#[derive(Default)]
struct Crowd {
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place in the crowd.
struct Place {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

impl Crowd {
    fn enter(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Place> {
        let mut counts = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        // A proxy in front on this machine brings everybody from one address.
        if *count >= most && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Place { crowd: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowd.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}
