//! A terminal in a container, by WebSocket: keystrokes and output as binary messages, changes of its size as text. Whoever is recorded is told
//! before anything else.
//!
//! It ends with the program (close code 1000, the exit code as reason), with the right to it (4001, `revoked`), with Pilothouse
//! (1001), or with the client.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension,
    extract::{
        Path, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use http::HeaderMap;
use pilothouse_app::api::{
    Code,
    containers::{ExecQuery, TerminalControl, TerminalNotice},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::watch,
};
use tokio_util::io::{InspectReader, InspectWriter};

use super::super::{Api, ApiError, Asked, Who};
use crate::{
    access::{Operation, Permission, Permit, Thing},
    audit::{Ending, Entry},
    authn::Principal,
    backends::docker::{
        Engine,
        typed::{
            exec::{self, ExecId, Program, Session},
            names::ContainerId,
        },
    },
    http::origin,
    lease::{Lease, Over},
    operate::{Begun, fail},
    recordings::{self, About, Feed, Recorder, Stop, Where},
};

/// The largest message that is taken: a paste comes in several.
const LARGEST: usize = 64 * 1024;
/// How much output is sent at a time.
const PIECE: usize = 16 * 1024;
/// How often the client is asked whether it is there.
const PING: Duration = Duration::from_secs(25);
/// A client that says nothing for so long, not even that it is there, is gone.
const GONE: Duration = Duration::from_secs(80);
/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Close code: the right to the terminal has ended.
const REVOKED: u16 = 4001;
/// Close code: somebody ended the session, or it could not be recorded any more.
const STOPPED: u16 = 4002;

/// A terminal that stands, before the client is told.
struct Held {
    engine: Arc<Engine>,
    permit: Permit,
    session: Session,
    lease: Lease,
    entry: Entry,
    recorder: Option<Recorder>,
}

/// Why a terminal ended.
#[derive(Debug, Eq, PartialEq)]
enum End {
    /// The program ended.
    Over,
    /// The engine broke off.
    Broken,
    /// The client left.
    Left,
    /// The client sent what is no control.
    Strange,
    /// The client sent what no terminal takes, with the close code that says so.
    Refused(u16),
    /// It had to end.
    Cut(Over),
    /// Somebody ended it, or it could not be recorded any more.
    Stopped(Stop),
}

pub async fn terminal(
    State(api): State<Api>,
    Extension(who): Who,
    Path((engine, id)): Path<(String, String)>,
    headers: HeaderMap,
    Asked(query): Asked<ExecQuery>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    origin::check_websocket(&headers)?;
    let operation = Operation::on_engine("ContainerTerminal", Permission::ContainerExec, &engine, &id);
    let Begun { permit, mut entry, lease } = api.operator.begin(&who, operation).await?;
    // The program is started first, so that what goes wrong is an answer and not a terminal that closes at once.
    let started = async {
        let upgrade = upgrade.map_err(|why| ApiError::new(Code::InvalidInput, format!("A terminal is a WebSocket: {}", why.body_text())))?;
        let engine = api.engine(&engine)?;
        let (container, program) = (ContainerId::parse(permit.operation().subject())?, Program::read(&query)?);
        api.guard(&engine, &permit, &who, "ContainerExec", std::slice::from_ref(&id), program.body()).await?;
        let recorder = record(&api, &engine, &permit, &who, &mut entry, &query).await?;
        match exec::start(&engine, &permit, &container, &program).await {
            Ok(session) => Ok::<_, ApiError>((upgrade, engine, session, recorder)),
            Err(error) => {
                if let Some(recorder) = recorder {
                    recorder.discard();
                }
                Err(error.into())
            }
        }
    };
    let (upgrade, engine, session, recorder) = match started.await {
        Ok(started) => started,
        Err(error) => {
            fail(entry, &error);
            return Err(error);
        }
    };
    let held = Held { engine, permit, session, lease, entry, recorder };
    let upgrade = upgrade.max_message_size(LARGEST).max_frame_size(LARGEST).write_buffer_size(0).max_write_buffer_size(4 * LARGEST);
    Ok(upgrade.on_upgrade(|socket| relay(socket, held)))
}

/// Begins to record it, if the rules say so.
async fn record(
    api: &Api,
    engine: &Engine,
    permit: &Permit,
    who: &Principal,
    entry: &mut Entry,
    query: &ExecQuery,
) -> Result<Option<Recorder>, ApiError> {
    let operation = permit.operation();
    let mut projects = operation.owner.as_ref().map(|owner| owner.projects.clone());
    if projects.is_none() && api.recordings.asks_for_projects(&engine.name) {
        projects = engine.owner(Thing::Container, operation.subject()).await.ok().flatten().map(|owner| owner.projects);
    }
    let place = Where { engine: &engine.name, labels: &engine.labels, projects: projects.as_deref() };
    let Some(plan) = api.recordings.plan(&place) else { return Ok(None) };
    let known = operation.known.as_ref();
    let about = About {
        record: entry.id(),
        engine: &engine.name,
        container: known.map_or(operation.object.as_str(), |known| &known.name),
        container_id: known.map_or(operation.subject(), |known| &known.id),
        process: "",
        operation: operation.name,
        door: who.origin.door.name(),
        user: &who.subject.user,
        command: Some(query.command.as_deref().unwrap_or("/bin/sh")),
        tty: true,
        size: query.columns.zip(query.rows),
    };
    let recorder = api.recordings.begin(&plan, &about).await.map_err(|refused| ApiError::new(Code::Overloaded, refused.to_string()))?;
    if recorder.is_none() {
        entry.also("It is not recorded: the recording could not be begun.");
    }
    Ok(recorder)
}

async fn relay(socket: WebSocket, held: Held) {
    let Held { engine, permit, session: Session { id, stream, turn }, mut lease, mut entry, recorder } = held;
    entry.started();
    let mut typed = recorder.as_ref().map_or_else(Feed::none, Recorder::input);
    let mut shown = recorder.as_ref().map_or_else(Feed::none, Recorder::output);
    let (mut to_client, mut from_client) = socket.split();
    if let Some(recorder) = &recorder {
        let notice = serde_json::to_string(&TerminalNotice::Recorded { typed: recorder.takes_input() }).unwrap_or_default();
        // A client that has gone already is found below.
        let _ = to_client.send(Message::Text(notice.into())).await;
    }
    let (from_program, to_program) = tokio::io::split(stream);
    let mut from_program = InspectReader::new(from_program, |bytes| shown.take(bytes));
    let mut to_program = InspectWriter::new(to_program, |bytes| typed.take(bytes));
    let (bytes_in, bytes_out) = (AtomicU64::new(0), AtomicU64::new(0));
    let (resize, sizes) = watch::channel((0, 0));
    let end = tokio::select! {
        biased;
        over = lease.ended() => End::Cut(over),
        stop = recordings::stopped(recorder.as_ref()) => End::Stopped(stop),
        end = keys(&mut from_client, &mut to_program, &resize, &bytes_in) => end,
        end = output(&mut from_program, &mut to_client, &bytes_out) => end,
        end = follow_size(&engine, &permit, &id, sizes, recorder.as_ref()) => end,
    };
    // What hangs up was not typed.
    let mut to_program = to_program.into_inner();
    if end != End::Over {
        hang_up(&mut to_program).await;
    }
    let ending = match &end {
        End::Cut(over) => over.ending(Ending::ok(101)),
        End::Stopped(stop) => {
            entry.also(&stop.sentence());
            stop.ending(Ending::ok(101))
        }
        _ => Ending::ok(101),
    };
    recordings::close(recorder, &mut entry).await;
    entry.finish(ending.bytes(bytes_in.into_inner(), bytes_out.into_inner()));
    drop((from_program, to_program, turn));

    let (code, reason) = match end {
        End::Left => return,
        End::Over => (1000, exit_code(&engine, &permit, &id).await.map_or_else(String::new, |code| code.to_string())),
        End::Broken => (1011, "engine".to_owned()),
        End::Strange => (1003, "control".to_owned()),
        End::Refused(code) => (code, "message".to_owned()),
        End::Stopped(stop) => (STOPPED, stop.sentence().chars().take(100).collect()),
        End::Cut(Over::Right) => (REVOKED, "revoked".to_owned()),
        // "Going away", in the words of RFC 6455.
        End::Cut(Over::Stop) => (1001, "stop".to_owned()),
    };
    let words = async {
        let _ = to_client.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
        // What the client still sends is read, else its system might drop our last words.
        while let Some(Ok(_)) = from_client.next().await {}
    };
    let _ = tokio::time::timeout(LAST_WORDS, words).await;
}

/// Carries what the client types.
async fn keys<C, P>(client: &mut C, program: &mut P, resize: &watch::Sender<(u16, u16)>, count: &AtomicU64) -> End
where
    C: Stream<Item = Result<Message, axum::Error>> + Unpin,
    P: AsyncWrite + Unpin,
{
    loop {
        let message = match tokio::time::timeout(GONE, client.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(error))) => return refused(error),
            Ok(None) | Err(_) => return End::Left,
        };
        match message {
            Message::Binary(bytes) => {
                count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                let written = async {
                    program.write_all(&bytes).await?;
                    program.flush().await
                };
                // A program that ended takes no more; its last output is still on the way.
                if written.await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(TerminalControl::Resize { columns, rows }) => {
                    resize.send_replace((columns, rows));
                }
                Err(_) => return End::Strange,
            },
            Message::Close(_) => return End::Left,
            Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

/// What is wrong with what the client sent, as a close code of RFC 6455, section 7.4.1.
fn refused(error: axum::Error) -> End {
    match error.into_inner().downcast_ref() {
        Some(tungstenite::Error::Capacity(_)) => End::Refused(1009),
        Some(tungstenite::Error::Utf8(_)) => End::Refused(1007),
        // Not a fault of the client's: it is gone.
        Some(tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => End::Left,
        Some(tungstenite::Error::Protocol(_)) => End::Refused(1002),
        _ => End::Left,
    }
}

/// Gives the terminal the size that the client's window has. Of sizes that come faster than the engine takes them, the last counts.
async fn follow_size(engine: &Engine, permit: &Permit, id: &ExecId, mut sizes: watch::Receiver<(u16, u16)>, recorder: Option<&Recorder>) -> End {
    while sizes.changed().await.is_ok() {
        let (columns, rows) = *sizes.borrow_and_update();
        if let Some(recorder) = recorder {
            recorder.resize(columns, rows);
        }
        // A size that the engine does not take is no reason to end a session.
        let _ = exec::resize(engine, permit, id, columns, rows).await;
    }
    std::future::pending().await
}

/// Carries what the program writes, as fast as the client takes it.
async fn output<P, C>(program: &mut P, client: &mut C, count: &AtomicU64) -> End
where
    P: AsyncRead + Unpin,
    C: Sink<Message> + Unpin,
{
    let mut buffer = vec![0; PIECE];
    let mut ping = tokio::time::interval(PING);
    loop {
        let message = tokio::select! {
            read = program.read(&mut buffer) => match read {
                Ok(0) => return End::Over,
                Ok(n) => {
                    count.fetch_add(n as u64, Ordering::Relaxed);
                    Message::Binary(Bytes::copy_from_slice(buffer.get(..n).unwrap_or_default()))
                }
                Err(_) => return End::Broken,
            },
            _ = ping.tick() => Message::Ping(Bytes::new()),
        };
        if client.send(message).await.is_err() {
            return End::Left;
        }
    }
}

/// The engine lets a program run on when its terminal is gone. A closed window means "end" here as it does elsewhere, so
/// the keys that end a line, a program and a shell are pressed.
async fn hang_up(program: &mut (impl AsyncWrite + Unpin)) {
    let press = async {
        program.write_all(b"\x03\x04").await?;
        program.flush().await?;
        program.shutdown().await
    };
    let _ = tokio::time::timeout(LAST_WORDS, press).await;
}

/// How the program ended. The engine may take a moment to know.
async fn exit_code(engine: &Engine, permit: &Permit, id: &ExecId) -> Option<i64> {
    for _ in 0..10 {
        match exec::exit_code(engine, permit, id).await {
            Ok(None) => tokio::time::sleep(Duration::from_millis(100)).await,
            Ok(code) => return code,
            Err(_) => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::sync::Mutex;

    async fn type_in(messages: Vec<Message>) -> (End, Vec<u8>, (u16, u16)) {
        let mut program = Vec::new();
        let (resize, sizes) = watch::channel((0, 0));
        let mut client = stream::iter(messages.into_iter().map(Ok));
        let end = keys(&mut client, &mut program, &resize, &AtomicU64::new(0)).await;
        let size = *sizes.borrow();
        (end, program, size)
    }

    #[tokio::test]
    async fn keys_and_sizes_reach_the_program() {
        let resize = Message::Text(r#"{"type":"resize","columns":80,"rows":24}"#.into());
        let got = type_in(vec![Message::Binary(Bytes::from_static(b"ls\r")), resize, Message::Binary(Bytes::from_static(&[3]))]).await;
        assert_eq!(got, (End::Left, b"ls\r\x03".to_vec(), (80, 24)));
    }

    #[tokio::test]
    async fn what_is_no_control_ends_it() {
        assert_eq!(type_in(vec![Message::Text("ls".into())]).await.0, End::Strange);
        assert_eq!(type_in(vec![Message::Close(None), Message::Binary(Bytes::from_static(b"x"))]).await, (End::Left, vec![], (0, 0)));
    }

    #[tokio::test]
    async fn output_reaches_the_client() {
        let got = Mutex::new(Vec::new());
        let sink = futures_util::sink::unfold((), async |(), message| {
            if let Message::Binary(bytes) = message {
                got.lock().unwrap().extend_from_slice(&bytes);
            }
            Ok::<_, axum::Error>(())
        });
        let count = AtomicU64::new(0);
        assert_eq!(output(&mut &b"hello"[..], &mut std::pin::pin!(sink), &count).await, End::Over);
        assert_eq!((got.into_inner().unwrap(), count.into_inner()), (b"hello".to_vec(), 5));
    }
}
