//! A program in a container, at a terminal.

use http::{HeaderValue, Method, header};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use pilothouse_app::api::{Problem, containers::ExecQuery};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    super::{Engine, EngineError, Hijacked},
    bad,
    call::{self, CHANGE, READ},
    containers,
    names::ContainerId,
    wire,
};
use crate::access::Permit;

/// What is to be run, checked.
#[derive(Debug, PartialEq)]
pub struct Program {
    body: Value,
    size: Option<(u16, u16)>,
}

impl Program {
    /// The command is split at blanks into plain words: there is no shell of ours to quote for.
    ///
    /// # Errors
    /// A problem that names the field that is wrong.
    pub fn read(query: &ExecQuery) -> Result<Self, Problem> {
        let command = query.command.as_deref().unwrap_or("/bin/sh");
        let words: Vec<&str> = command.split_whitespace().collect();
        if words.is_empty() {
            return Err(bad("command", "Which program?"));
        }
        if words.len() > 64 || command.len() > 4096 || command.contains(|c: char| c.is_control() && c != '\t') {
            return Err(bad("command", "A command is at most 64 words and 4096 bytes, without control characters."));
        }
        let user = query.user.as_deref().unwrap_or_default();
        if user.len() > 128 || !user.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b':')) {
            return Err(bad("user", "A user is written like name, name:group, or 1000:1000."));
        }
        let size = query.columns.zip(query.rows).map(|(columns, rows)| (columns.clamp(1, 2000), rows.clamp(1, 2000)));
        let body = json!({
            "AttachStdin": true, "AttachStdout": true, "AttachStderr": true, "Tty": true,
            "Cmd": words, "User": user, "Env": ["TERM=xterm-256color"],
        });
        Ok(Self { body, size })
    }

    /// What the engine will be asked for.
    pub fn body(&self) -> &Value {
        &self.body
    }
}

/// A program that runs, and its terminal.
pub struct Session {
    pub id: ExecId,
    pub stream: TokioIo<Upgraded>,
    /// The turn that it takes among the engine's streams.
    pub turn: OwnedSemaphorePermit,
}

/// The engine's id of a program that was started.
#[derive(Clone)]
pub struct ExecId(String);

/// Starts a program in a container.
pub async fn start(engine: &Engine, permit: &Permit, container: &ContainerId, program: &Program) -> Result<Session, EngineError> {
    let turn = engine.stream_turn().await?;
    let created: wire::Created = call::create(engine, permit, &containers::path(container, "exec"), &program.body).await?;
    // It goes into paths, so it is checked like a container's.
    let id = ContainerId::parse(&created.id).map_err(|_| call::unreadable())?;
    let id = ExecId(id.as_str().to_owned());
    let mut request = call::request(Method::POST, &format!("/exec/{}/start", id.0), Some(&json!({ "Detach": false, "Tty": true })))?;
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    request.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("tcp"));
    let stream = match engine.hijack(permit, request, CHANGE).await? {
        Hijacked::Upgraded(stream) => stream,
        Hijacked::Answered(response) => {
            call::refuse(response).await?;
            return Err(call::unreadable());
        }
    };
    if let Some((columns, rows)) = program.size {
        // A program that is over already has no size; its output tells why.
        let _ = resize(engine, permit, &id, columns, rows).await;
    }
    Ok(Session { id, stream, turn })
}

pub async fn resize(engine: &Engine, permit: &Permit, id: &ExecId, columns: u16, rows: u16) -> Result<(), EngineError> {
    let path = format!("/exec/{}/resize?h={}&w={}", id.0, rows.clamp(1, 2000), columns.clamp(1, 2000));
    call::act(engine, permit, Method::POST, &path, None, READ).await
}

/// How the program ended; `None` while it runs.
pub async fn exit_code(engine: &Engine, permit: &Permit, id: &ExecId) -> Result<Option<i64>, EngineError> {
    let exec: wire::Exec = call::read(engine, permit, &format!("/exec/{}/json", id.0)).await?;
    Ok(exec.exit_code.filter(|_| !exec.running))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(command: Option<&str>, user: Option<&str>) -> Result<Program, Problem> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Program::read(&ExecQuery { command: own(command), user: own(user), columns: Some(0), rows: Some(9999) })
    }

    #[test]
    fn a_command_is_plain_words() {
        assert_eq!(read(None, None).unwrap().body["Cmd"], json!(["/bin/sh"]));
        let program = read(Some(" bash  -l\t'a b' $X "), Some("1000:root")).unwrap();
        assert_eq!(program.body["Cmd"], json!(["bash", "-l", "'a", "b'", "$X"]));
        assert_eq!(program.size, Some((1, 2000)));
    }

    #[test]
    fn what_is_no_command_or_user_is_named() {
        for bad in ["", "  ", "a\nb", "a\0", &"x".repeat(5000)] {
            assert_eq!(read(Some(bad), None).unwrap_err().field.as_deref(), Some("command"), "{bad:?}");
        }
        assert_eq!(read(None, Some("a b")).unwrap_err().field.as_deref(), Some("user"));
    }
}
