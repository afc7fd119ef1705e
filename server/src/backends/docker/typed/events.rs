//! What an engine says has happened.

use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use http::Method;
use pilothouse_app::api::{
    Problem,
    events::{Event, EventQuery},
};
use serde_json::json;

use super::{
    super::{Engine, EngineError, belongings::event_reaches},
    bad,
    call::{self, READ},
    wire,
};
use crate::access::Permit;

/// The path that follows what `query` asks for.
///
/// # Errors
/// A problem that names the field that is wrong.
pub fn path(query: &EventQuery) -> Result<String, Problem> {
    let mut filters = json!({});
    if let Some(kind) = query.kind.as_deref().filter(|kind| !kind.is_empty()) {
        if kind.len() > 32 || !kind.bytes().all(|b| b.is_ascii_lowercase()) {
            return Err(bad("kind", "A kind is a word such as `container` or `image`."));
        }
        filters = json!({ "type": [kind] });
    }
    let since = seconds(query.since.unwrap_or(0)).ok_or_else(|| bad("since", "This is no time since 1970."))?;
    let mut parts = vec![("filters", filters.to_string())];
    if query.since.is_some() {
        parts.push(("since", since));
    }
    let parts: Vec<(&str, &str)> = parts.iter().map(|(key, value)| (*key, value.as_str())).collect();
    Ok(call::with_query("/events", &parts))
}

/// Milliseconds as Docker takes times: seconds with a fraction.
pub(super) fn seconds(millis: i64) -> Option<String> {
    let millis = u64::try_from(millis).ok()?;
    Some(format!("{}.{:03}", millis / 1000, millis % 1000))
}

/// Follows the events of a [`path`].
pub async fn follow(
    engine: Arc<Engine>,
    permit: Permit,
    path: &str,
) -> Result<impl Stream<Item = Result<Event, EngineError>> + Send + use<>, EngineError> {
    engine.ready_for(&permit).await?;
    let chunks = call::open(&engine, &permit, call::request(Method::GET, path, None)?, READ).await?;
    let lines = call::json_lines::<wire::EventLine>(chunks);
    Ok(lines.filter_map(move |line| {
        let (engine, permit) = (engine.clone(), permit.clone());
        async move {
            let line = match line {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            event_reaches(&engine, &permit, &line.kind, &line.actor.id, &line.actor.attributes).await.then(|| Ok(shown(line)))
        }
    }))
}

fn shown(line: wire::EventLine) -> Event {
    let attributes = line.actor.attributes;
    let name = attributes.get("name").or_else(|| attributes.get("container")).cloned();
    Event {
        at: if line.time_nano == 0 { line.time.saturating_mul(1000) } else { line.time_nano / 1_000_000 },
        kind: line.kind,
        action: line.action,
        name: name.unwrap_or_else(|| line.actor.id.clone()),
        id: line.actor.id,
        attributes: attributes.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_shown() {
        let line = serde_json::from_value(
            json!({"Type": "container", "Action": "start", "Actor": {"ID": "c1", "Attributes": {"name": "web", "image": "x"}},
            "time": 1_700_000_000, "timeNano": 1_700_000_000_123_456_789_i64}),
        )
        .unwrap();
        let event = shown(line);
        assert_eq!((event.at, event.name.as_str()), (1_700_000_000_123, "web"));
    }

    #[test]
    fn a_query_becomes_a_path() {
        let query = EventQuery { since: Some(1_700_000_000_005), kind: Some("image".into()) };
        assert_eq!(path(&query).unwrap(), "/events?filters=%7B%22type%22%3A%5B%22image%22%5D%7D&since=1700000000.005");
        assert_eq!(path(&EventQuery::default()).unwrap(), "/events?filters=%7B%7D");
        assert!(path(&EventQuery { since: Some(-1), kind: None }).is_err());
        assert!(path(&EventQuery { since: None, kind: Some("a\"b".into()) }).is_err());
    }
}
