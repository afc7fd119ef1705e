//! Blobs on their way to a client: never whole in memory, counted, leased, and held against their digest. What is not what its digest says
//! breaks off before its end, so that nobody takes it for whole.

use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{
    door::Body,
    refusal::{Code, Refusal},
};
use crate::{
    audit::{Ending, Entry},
    backends::oci::{answer::Check, full},
    lease::Lease,
};

/// How long a registry or a client may pause in the middle of a blob.
const PAUSE: Duration = Duration::from_secs(60);
/// What is no longer than this is looked at whole before anything of it is sent: then a wrong one is an error, and not a broken connection.
const SMALL: u64 = 256 * 1024;
/// Pieces that may wait for a client that is slower than the registry.
const AHEAD: usize = 4;

/// An answer that goes on as it comes.
pub struct Download {
    pub body: Incoming,
    /// Held until all of it is passed on.
    pub _turn: OwnedSemaphorePermit,
    /// How long it says it is.
    pub size: Option<u64>,
    /// What it has to be, if all of it comes.
    pub check: Option<Check>,
    pub status: u16,
}

/// The body for the client. Its record ends with it.
pub async fn deliver(mut download: Download, entry: Entry, lease: Lease) -> Result<Body, Refusal> {
    if download.size.is_some_and(|size| size <= SMALL) {
        return match small(&mut download).await {
            Ok(bytes) => {
                let sent = bytes.len() as u64;
                entry.finish(Ending::of_status(download.status).bytes(0, sent));
                Ok(full(bytes))
            }
            Err(refusal) => {
                entry.finish(Ending::failed(refusal.status.as_u16()));
                Err(refusal)
            }
        };
    }
    entry.started();
    let (send, mut receive) = mpsc::channel(AHEAD);
    tokio::spawn(pump(download, entry, lease, send));
    let stream = futures_util::stream::poll_fn(move |cx| receive.poll_recv(cx)).map(|piece| piece.map(Frame::data));
    Ok(BodyExt::boxed_unsync(StreamBody::new(stream)))
}

async fn small(download: &mut Download) -> Result<Bytes, Refusal> {
    let mut whole = BytesMut::new();
    let read = async {
        while let Some(frame) = download.body.frame().await {
            let Ok(data) = frame.map_err(|_| Refusal::garbled("it broke off before its end"))?.into_data() else { continue };
            if (whole.len() + data.len()) as u64 > SMALL {
                return Err(Refusal::garbled("it is longer than it says"));
            }
            whole.extend_from_slice(&data);
        }
        Ok(())
    };
    tokio::time::timeout(PAUSE, read).await.map_err(|_| Refusal::from(crate::backends::oci::RegistryError::Timeout))??;
    if download.size.is_some_and(|size| size != whole.len() as u64) {
        return Err(Refusal::garbled("it is not as long as it says"));
    }
    match download.check.take() {
        Some(mut check) => {
            check.update(&whole);
            if check.holds() { Ok(whole.freeze()) } else { Err(mismatch()) }
        }
        None => Ok(whole.freeze()),
    }
}

fn mismatch() -> Refusal {
    Refusal::new(
        http::StatusCode::BAD_GATEWAY,
        Code::DigestInvalid,
        "What the registry sent is not what its digest says; nothing of it was passed on.",
    )
}

/// Why a stream ended before its end.
enum Broken {
    /// The client left.
    Left,
    Other(Ending, io::ErrorKind, &'static str),
}

async fn pump(download: Download, entry: Entry, mut lease: Lease, send: mpsc::Sender<io::Result<Bytes>>) {
    let mut sent = 0;
    let status = download.status;
    let flow = flow(download, &send, &mut sent);
    let ended = tokio::select! {
        ended = flow => ended,
        over = lease.ended() => Err(Broken::Other(over.ending(Ending::of_status(status)), io::ErrorKind::PermissionDenied, over.reason())),
    };
    match ended {
        // What a client that left got, it got.
        Ok(()) | Err(Broken::Left) => entry.finish(Ending::of_status(status).bytes(0, sent)),
        Err(Broken::Other(ending, kind, why)) => {
            let mut entry = entry;
            entry.note(why);
            entry.finish(ending.bytes(0, sent));
            // The client may take nothing any more; what matters is that the stream is not ended as if it were whole.
            let told = send.send(Err(io::Error::new(kind, why)));
            let _ = tokio::time::timeout(PAUSE, told).await;
        }
    }
}

/// Passes on piece by piece, each one behind: the last goes on only when all of it is right.
async fn flow(mut download: Download, send: &mpsc::Sender<io::Result<Bytes>>, sent: &mut u64) -> Result<(), Broken> {
    let broken = |status, kind, why| Broken::Other(Ending::failed(status), kind, why);
    let mut held: Option<Bytes> = None;
    let mut came = 0_u64;
    loop {
        let frame = tokio::time::timeout(PAUSE, download.body.frame()).await;
        let frame = frame.map_err(|_| broken(504, io::ErrorKind::TimedOut, "The registry paused for too long."))?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| broken(502, io::ErrorKind::UnexpectedEof, "The registry broke off in the middle of the blob."))?;
        let Ok(data) = frame.into_data() else { continue };
        came += data.len() as u64;
        if download.size.is_some_and(|size| came > size) {
            return Err(broken(502, io::ErrorKind::InvalidData, "The registry sent more than it said."));
        }
        if let Some(check) = &mut download.check {
            check.update(&data);
        }
        if let Some(piece) = held.replace(data) {
            pass(send, piece, sent).await?;
        }
    }
    if download.size.is_some_and(|size| came != size) {
        return Err(broken(502, io::ErrorKind::UnexpectedEof, "The registry broke off in the middle of the blob."));
    }
    if download.check.take().is_some_and(|check| !check.holds()) {
        return Err(broken(502, io::ErrorKind::InvalidData, "What the registry sent is not what its digest says."));
    }
    match held {
        Some(piece) => pass(send, piece, sent).await,
        None => Ok(()),
    }
}

async fn pass(send: &mpsc::Sender<io::Result<Bytes>>, piece: Bytes, sent: &mut u64) -> Result<(), Broken> {
    let length = piece.len() as u64;
    match tokio::time::timeout(PAUSE, send.send(Ok(piece))).await {
        Ok(Ok(())) => {
            *sent += length;
            Ok(())
        }
        Ok(Err(_)) => Err(Broken::Left),
        Err(_) => Err(Broken::Other(Ending::failed(504), io::ErrorKind::TimedOut, "The client paused for too long.")),
    }
}

/// Whether a client's body is known to be empty.
pub fn is_empty(body: &Incoming) -> bool {
    body.is_end_stream() || body.size_hint().exact() == Some(0)
}
