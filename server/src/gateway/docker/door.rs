//! The door: one request after the other through all the phases.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::{BodyExt, Full, Limited, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    access::{
        Hides, Operation, Permission, Place, Thing,
        guard::Ask,
        table::docker::{Body as Carries, Reply},
    },
    audit::Ending,
    authn::{Origin, Principal},
    backends::{
        Engines,
        docker::{
            self, Carrier, Engine, EngineError, Hijacked,
            belongings::{Cut, Project, not_found, settle},
        },
    },
    guardrails::{Guardrails, Stopped},
    operate::{Begun, Operator, Refused},
    recordings::{Recorder, Recordings, close},
};

use super::{
    super::upload::{Counts, Upload},
    about, body,
    classify::{Classified, Unclassified, classify},
    cut::{Cutting, json, prune},
    forward::{Download, Hold, Told, tunnel},
    name::{NameError, Named},
    rebuild, scoped,
    session::{self, Recorded},
    verdict::Verdict,
};

/// A body on its way to the client.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// How long a client has for a body that is read in full.
const JSON_BODY: Duration = Duration::from_secs(30);
/// How long until the head of an answer that comes soon.
const PROMPT: Duration = Duration::from_secs(30);
/// How long until the head of an answer that comes after a long task.
pub(super) const SLOW: Duration = Duration::from_secs(3_600);

const BROKEN_OFF: &str = "The body broke off, or is not framed as it should be.";

/// The Docker Engine API of every engine.
pub struct EngineDoor {
    pub operator: Arc<Operator>,
    pub engines: Arc<Engines>,
    pub guardrails: Arc<Guardrails>,
    pub recordings: Arc<Recordings>,
}

/// A refusal in Docker's own shape.
#[derive(Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub message: String,
    by_guardrail: bool,
}

impl Refusal {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), by_guardrail: false }
    }

    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

impl From<Stopped> for Refusal {
    fn from(stopped: Stopped) -> Self {
        let (status, finding) = match stopped {
            Stopped::Guardrail(finding) => (StatusCode::FORBIDDEN, finding),
            Stopped::Unreadable(finding) => (StatusCode::BAD_REQUEST, finding),
            Stopped::Engine(error) => return error.into(),
        };
        Self { by_guardrail: true, ..Self::new(status, finding.sentence) }
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        let status = match &error {
            EngineError::Timeout => StatusCode::GATEWAY_TIMEOUT,
            EngineError::Busy => StatusCode::SERVICE_UNAVAILABLE,
            EngineError::NotThisEngine => StatusCode::INTERNAL_SERVER_ERROR,
            EngineError::NotFound(_) => StatusCode::NOT_FOUND,
            EngineError::Outside(_) => StatusCode::FORBIDDEN,
            EngineError::Conflict(_) => StatusCode::CONFLICT,
            _ => StatusCode::BAD_GATEWAY,
        };
        Self::new(status, error.to_string())
    }
}

/// An answer in Docker's own shape: `{"message": ...}`.
pub fn message(status: StatusCode, message: &str) -> Response<Body> {
    let json = serde_json::json!({ "message": message }).to_string();
    let mut response = Response::new(Full::from(json).map_err(|never: Infallible| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// What a request names, owned: the request itself goes on.
pub struct Asked {
    pub engine: String,
    pub path: String,
}

impl From<Named<'_>> for Asked {
    fn from(named: Named<'_>) -> Self {
        Self { engine: named.engine.to_owned(), path: named.path.to_owned() }
    }
}

impl EngineDoor {
    /// Answers one request. `who` is nobody when no token of ours came with it.
    pub async fn handle(
        &self,
        request: Request<Incoming>,
        asked: Result<Asked, NameError>,
        who: Option<Principal>,
        origin: &Origin,
    ) -> Response<Body> {
        match self.pass(request, asked, who, origin).await {
            Ok(response) => response,
            Err(refusal) => message(refusal.status, &refusal.message),
        }
    }

    async fn pass(
        &self,
        request: Request<Incoming>,
        asked: Result<Asked, NameError>,
        who: Option<Principal>,
        origin: &Origin,
    ) -> Result<Response<Body>, Refusal> {
        let asked = match asked {
            Ok(asked) => asked,
            Err(error) => {
                let why = match error {
                    NameError::Malformed => "The path names no engine: use /engines/NAME/...",
                    NameError::Ambiguous => "The path, the header Pilothouse-Engine and the credential name different engines.",
                };
                let operation = Operation::on_system("Unclassified", Permission::SystemInfo, request.uri().path());
                self.unclassified(who.as_ref(), origin, &operation, why, 400).await?;
                return Err(Refusal::bad(why));
            }
        };
        let unclassified = || Operation::on_engine("Unclassified", Permission::SystemInfo, &asked.engine, &asked.path);
        let Some(who) = who else {
            let reason = "No token or certificate, or one that is wrong, expired or revoked.";
            self.unclassified(None, origin, &unclassified(), reason, 401).await?;
            let advice = "Make a token in the console under \"Use docker here\" and send it as `Authorization: Bearer`.";
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, format!("{reason} {advice}")));
        };
        let classified = match classify(request.method().as_str(), &asked.path, request.uri().query()) {
            Ok(classified) => classified,
            Err(error) => {
                let method = request.method().as_str();
                let (status, text) = match error {
                    Unclassified::Malformed(why) => (StatusCode::BAD_REQUEST, why.to_owned()),
                    Unclassified::Query(why) => (StatusCode::BAD_REQUEST, why),
                    Unclassified::Refused(why) => (StatusCode::FORBIDDEN, why.to_owned()),
                    Unclassified::Unknown => {
                        let path = asked.path.chars().take(200).collect::<String>();
                        (StatusCode::FORBIDDEN, format!("Pilothouse knows no engine operation {method} {path}, so it is refused."))
                    }
                };
                self.unclassified(Some(&who), origin, &unclassified(), &text, status.as_u16()).await?;
                return Err(Refusal::new(status, text));
            }
        };
        let ((permission, place), object) = (classified.needs(), classified.object());
        let mut operation = Operation::on_engine(classified.row.name, permission, &asked.engine, object).at(place);
        let request = match about::is_named_in_body(classified.row.name) && self.operator.may(&who, &operation) {
            false => request.map(Arriving::Yet),
            true => {
                let (head, incoming) = request.into_parts();
                let counts = Counts::default();
                let said = read(&head.headers, incoming, &counts).await;
                if let Ok(Some(Value::String(name))) = said.as_ref().map(|said| said.as_ref().map(|said| &said["Name"])) {
                    operation.object.clone_from(name);
                }
                Request::from_parts(head, Arriving::Read(said, counts))
            }
        };
        let begun = self.operator.begin(&who, operation).await.map_err(|refused| match refused {
            Refused::Denied(denied) => match (denied.hides, place) {
                (Hides::Nothing, _) => Refusal::new(StatusCode::FORBIDDEN, denied.reason),
                // In the words of an engine that has no such thing.
                (Hides::Object, Place::One(thing)) => Refusal::new(StatusCode::NOT_FOUND, not_found(thing, &classified.object())),
                _ => no_engine(&asked.engine),
            },
            Refused::NotKnown(error) => error.into(),
            Refused::TrailDown => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "The audit trail cannot be written now, so nothing was done."),
        })?;
        self.forward(request, classified, &asked.engine, &who, begun).await
    }

    /// Writes down a request that was refused before it was an operation.
    async fn unclassified(&self, who: Option<&Principal>, origin: &Origin, operation: &Operation, reason: &str, status: u16) -> Result<(), Refusal> {
        let written = self.operator.trail().refused(who, origin, operation, reason, status).await;
        written.map_err(|_| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "The audit trail cannot be written now."))
    }

    async fn forward(
        &self,
        mut request: Request<Arriving>,
        mut classified: Classified,
        engine: &str,
        who: &Principal,
        begun: Begun,
    ) -> Result<Response<Body>, Refusal> {
        let Begun { permit, mut entry, mut lease } = begun;
        let mut over = None;
        let (mut note, mut changes) = (String::new(), Vec::new());
        let mut unrecorded = false;
        let record = entry.id();
        let is_head = *request.method() == Method::HEAD;
        // Whatever goes wrong from here on is the outcome.
        let result = async {
            let engine = self.engines.get(engine).ok_or_else(|| no_engine(engine))?;
            let upgrade = asks_upgrade(&request, classified.row.reply)?;
            let client = upgrade.then(|| hyper::upgrade::on(&mut request));
            let (head, arriving) = request.into_parts();
            let (arriving, counts) = match arriving {
                Arriving::Yet(incoming) => (Ok(incoming), Counts::default()),
                Arriving::Read(said, counts) => (Err(said), counts),
            };
            let counts = Arc::new(counts);
            if !permit.shows_environment() && classified.row.name == "ContainerTop" && !classified.query.is_empty() {
                // `ps` can be told to show the environment of what runs (threats K3).
                return Err(Refusal::new(StatusCode::FORBIDDEN, format!("Options of ps need the permission {}.", Permission::ContainerEnvironment)));
            }
            engine.ready_for(&permit).await?;
            scoped::rename(&mut classified, &permit);
            let (mut said, bytes) = match (arriving, classified.row.body) {
                (Err(said), _) => (said?, docker::empty()),
                (Ok(incoming), Carries::None) => (None, nothing(incoming).await?),
                (Ok(incoming), Carries::Json) => (read(&head.headers, incoming, &counts).await?, docker::empty()),
                (Ok(incoming), Carries::Stream(_)) => (None, streamed(&head.headers, incoming, &counts)?),
            };
            // Before anything is made for it, and once more as it will be sent.
            self.guardrails.check_words(&engine, &permit, who, &to_judge(&classified, said.as_ref()))?;
            let project = settle(&engine, &permit, &mut classified.query, said.as_mut()).await?;
            note = self.guardrails.check(&engine, &permit, who, &to_judge(&classified, said.as_ref())).await?.note;
            changes = about::changes(&engine, &permit, &classified, said.as_ref()).await;
            let recorded = session::begin(&self.recordings, &engine, &permit, who, record, &classified, said.as_ref()).await?;
            unrecorded = matches!(recorded, Recorded::Failed);
            // Dropped with what goes wrong from here on.
            let recorder = if let Recorded::Begun(recorder) = recorded { Some(Recording(Some(recorder))) } else { None };
            let body = said.map_or(bytes, |said| docker::full(said.to_string()));
            if let Some(queries) = scoped::prunes(&classified, &permit)? {
                let answer = prune(&engine, &permit, &head, &mut classified, queries).await?;
                return Ok(Answered::Whole(answer, counts));
            }
            let rebuilt = rebuild::request(&head.method, &classified, &head.headers, upgrade, body)
                .map_err(|_| Refusal::bad("The request cannot be put together again."))?;
            let (deadline, turn) = match classified.row.reply {
                Reply::Prompt => (PROMPT, engine.turn(&permit).await?),
                Reply::Slow => (SLOW, engine.turn(&permit).await?),
                Reply::Stream | Reply::Upgrade(_) => (PROMPT, engine.stream_turn().await?),
                Reply::Bulk => (SLOW, engine.stream_turn().await?),
            };
            let streams = !matches!(classified.row.reply, Reply::Prompt | Reply::Slow);
            let asked = async {
                if upgrade {
                    return Ok((engine.hijack(&permit, rebuilt, deadline).await?, Carrier::default()));
                }
                if matches!(classified.row.reply, Reply::Stream) {
                    let (answer, carrier) = engine.stream(&permit, rebuilt, deadline).await?;
                    return Ok((Hijacked::Answered(answer), carrier));
                }
                Ok::<_, EngineError>((Hijacked::Answered(engine.send(&permit, rebuilt, deadline).await?), Carrier::default()))
            };
            // What a client sends for long ends with its right to, as what it is sent does. A change that has begun goes on.
            let (answer, carrier) = tokio::select! {
                answer = asked => answer.map_err(|error| {
                    if counts.broken.load(Ordering::Relaxed) { Refusal::bad(BROKEN_OFF) } else { error.into() }
                })?,
                why = lease.ended(), if streams => {
                    over = Some(why);
                    return Err(Refusal::new(StatusCode::FORBIDDEN, why.reason()));
                }
            };
            let recorder = recorder.and_then(Recording::take);
            Ok(Answered::Engine(Box::new((answer, carrier, client, counts, turn, engine, project, recorder))))
        };
        let result = result.await;
        entry.note(&note);
        entry.changed(changes);
        if unrecorded {
            entry.also("It is not recorded: the recording could not be begun.");
        }
        let (answer, carrier, client, counts, turn, engine, project, recorder) = match result {
            Ok(Answered::Engine(parts)) => *parts,
            Ok(Answered::Whole(answer, counts)) => {
                entry.finish(counts.ending(Ending::ok(200)));
                return Ok(json(answer.to_string().into()));
            }
            Err(refusal) => {
                let refusal: Refusal = refusal;
                let status = refusal.status.as_u16();
                let ending = if refusal.by_guardrail { Ending::denied(status) } else { Ending::failed(status) };
                if refusal.by_guardrail {
                    entry.note(&refusal.message);
                }
                entry.finish(over.map_or(ending, |over| over.ending(ending)));
                return Err(refusal);
            }
        };
        let answered = match (answer, client) {
            (Hijacked::Upgraded(stream), Some(client)) => {
                let Reply::Upgrade(token) = classified.row.reply else {
                    return Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "An upgrade that nobody asked for."));
                };
                tokio::spawn(async move {
                    let _turn = turn;
                    match client.await {
                        Ok(client) => {
                            entry.started();
                            tunnel(TokioIo::new(client), stream, lease, Told { entry, recorder, verdict: None }).await;
                        }
                        Err(_) => {
                            // The program was started all the same.
                            close(recorder, &mut entry).await;
                            entry.finish(Ending::failed(499));
                        }
                    }
                });
                return Ok(switching(token));
            }
            // hijack() upgrades only if the client asked to.
            (Hijacked::Upgraded(_), None) => return Err(Refusal::new(StatusCode::BAD_GATEWAY, "The engine switched protocols unasked.")),
            (Hijacked::Answered(answered), _) => answered,
        };
        let status = answered.status();
        let mut recorder = recorder;
        if !status.is_success()
            && let Some(recorder) = recorder.take()
        {
            recorder.discard();
        }
        if status.is_success() {
            session::resized(&self.recordings, &engine, &classified);
        }
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED || status.is_informational() {
            entry.finish(Ending::failed(502));
            return Err(Refusal::new(StatusCode::BAD_GATEWAY, "The engine answered with a redirect, which is not followed."));
        }
        if status.is_success()
            && let Some(cut) = Cut::of(&permit)
        {
            return Cutting { engine: &engine, permit: &permit, counts, entry }.cut(cut, answered).await;
        }
        if status.is_client_error() && permit.reach().projects().is_some() {
            return Cutting { engine: &engine, permit: &permit, counts, entry }.hush(answered).await;
        }
        if (status.is_client_error() || status.is_server_error()) && !is_head {
            return Cutting { engine: &engine, permit: &permit, counts, entry }.of_a_failure(answered, about::is_told(classified.row, status)).await;
        }
        if status.is_success()
            && classified.row.name == "ImageTag"
            && let Some(project) = &project
        {
            engine.claim(&tagged(&classified), project).await;
        }
        if status.is_success() && about::makes(classified.row.name) {
            return Cutting { engine: &engine, permit: &permit, counts, entry }.of_something_made(answered).await;
        }
        let hold = match classified.row.reply {
            Reply::Prompt | Reply::Slow => Hold::Prompt,
            Reply::Stream | Reply::Bulk | Reply::Upgrade(_) => {
                entry.started();
                Hold::Leased(lease)
            }
        };
        let (head, incoming) = answered.into_parts();
        let verdict = Verdict::of(classified.row.name).filter(|_| status.is_success());
        let told = Told { entry, recorder, verdict };
        let mut body = Download::new(incoming, carrier, hold, status.as_u16(), counts, told, turn).boxed_unsync();
        if permit.reach().projects().is_some() && status.is_success() {
            body = match (classified.row.place, project) {
                (Place::Events, _) => scoped::events(body, engine, permit),
                (Place::New(Thing::Image), Some(project)) => scoped::claiming(body, engine, classified.object(), project),
                _ => body,
            };
        }
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = rebuild::answer_headers(&head.headers);
        Ok(response)
    }
}

/// A request's body.
enum Arriving {
    Yet(Incoming),
    /// It was read before the intent was written, since it says what it is about.
    Read(Result<Option<Value>, Refusal>, Counts),
}

/// What came of a request.
enum Answered {
    /// An answer of the engine's.
    Engine(Box<Parts>),
    /// One of several answers of the engine's, whole.
    Whole(serde_json::Value, Arc<Counts>),
}

type Parts =
    (Hijacked, Carrier, Option<hyper::upgrade::OnUpgrade>, Arc<Counts>, OwnedSemaphorePermit, Arc<Engine>, Option<Project>, Option<Recorder>);

/// A recording that is begun before its session is: where there comes to be none, nothing of it is kept.
struct Recording(Option<Recorder>);

impl Recording {
    fn take(mut self) -> Option<Recorder> {
        self.0.take()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(recorder) = self.0.take() {
            recorder.discard();
        }
    }
}

/// The name that an image is given.
fn tagged(classified: &Classified) -> String {
    let named = |name: &str| classified.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    match named("tag") {
        "" => named("repo").to_owned(),
        tag => format!("{}:{tag}", named("repo")),
    }
}

/// What is judged of a request.
fn to_judge<'a>(classified: &'a Classified, said: Option<&'a Value>) -> Ask<'a> {
    Ask { operation: classified.row.name, params: &classified.params, query: &classified.query, body: said }
}

fn no_engine(name: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("There is no engine {name}, or you may not see it."))
}

/// Whether the client asks for the upgrade that this operation has. Any other upgrade is refused, and so is one that is not asked of us:
/// `Upgrade` is for the next hop only, which `Connection` must say (RFC 9110, section 7.8).
fn asks_upgrade<B>(request: &Request<B>, reply: Reply) -> Result<bool, Refusal> {
    let mut asked = request.headers().get_all(header::UPGRADE).iter();
    let Some(first) = asked.next() else { return Ok(false) };
    let Reply::Upgrade(token) = reply else { return Err(Refusal::bad("This operation has no such upgrade.")) };
    if asked.next().is_some() || !first.as_bytes().eq_ignore_ascii_case(token.as_bytes()) {
        return Err(Refusal::bad("This operation has no such upgrade."));
    }
    let named = request.headers().get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let is_ours = named.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("upgrade"));
    if request.version() != http::Version::HTTP_11 || !is_ours {
        return Err(Refusal::bad("An upgrade must be named in the header Connection, of an HTTP/1.1 request."));
    }
    Ok(true)
}

fn switching(token: &'static str) -> Response<Body> {
    let mut response = Response::new(docker::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(token));
    if token == "tcp" {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.docker.raw-stream"));
    }
    response
}

/// Makes sure that nothing came.
async fn nothing(incoming: Incoming) -> Result<docker::Body, Refusal> {
    if incoming.is_end_stream() {
        return Ok(docker::empty());
    }
    let read = tokio::time::timeout(JSON_BODY, Limited::new(incoming, 0).collect()).await;
    match read {
        Ok(Ok(_)) => Ok(docker::empty()),
        Ok(Err(_)) => Err(Refusal::bad("This operation takes no body.")),
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "The body did not come in time.")),
    }
}

/// Reads a JSON body in full.
async fn read(headers: &HeaderMap, incoming: Incoming, counts: &Counts) -> Result<Option<Value>, Refusal> {
    plain_encoding(headers)?;
    if incoming.size_hint().lower() > body::LARGEST as u64 {
        return Err(too_large());
    }
    let read = tokio::time::timeout(JSON_BODY, Limited::new(incoming, body::LARGEST).collect()).await;
    let bytes = match read {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => return Err(too_large()),
        Ok(Err(_)) => return Err(Refusal::bad(BROKEN_OFF)),
        Err(_) => return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "The body did not come in time.")),
    };
    counts.bytes_in.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    let Some(value) = body::parse(&bytes).map_err(Refusal::bad)? else { return Ok(None) };
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media.split(';').next().is_none_or(|media| !media.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json."));
    }
    Ok(Some(value))
}

/// A body that goes on as it comes. Never a form: the engine would read settings from it that nobody judged.
fn streamed(headers: &HeaderMap, incoming: Incoming, counts: &Arc<Counts>) -> Result<docker::Body, Refusal> {
    plain_encoding(headers)?;
    let media = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes).to_ascii_lowercase();
    let form = media.starts_with(b"application/x-www-form-urlencoded") || media.starts_with(b"multipart/");
    if form {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "A form is not taken here."));
    }
    if incoming.is_end_stream() {
        return Ok(docker::empty());
    }
    Ok(Upload::new(incoming, counts.clone()).boxed_unsync())
}

fn plain_encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    let plain = headers.get_all(header::CONTENT_ENCODING).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if plain { Ok(()) } else { Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "A compressed body cannot be judged.")) }
}

fn too_large() -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 4 MiB, more than is judged.")
}
