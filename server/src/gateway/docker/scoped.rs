//! For those who hold rights on projects alone: what they ask is put into their projects, and what they are answered is cut to them.

use std::{io, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::{Map, Value, json};

use crate::{
    access::{Permit, Place, Thing},
    backends::docker::{
        Engine,
        belongings::{self, LABELS, OWN_LABEL},
    },
};

use super::{
    classify::Classified,
    door::{Body, Refusal},
};

/// The longest line of a stream that is cut line by line.
const LONGEST_LINE: usize = 1024 * 1024;

/// Names the object by what never names another one.
pub fn rename(classified: &mut Classified, permit: &Permit) {
    let (Some(owner), Some(first)) = (&permit.operation().owner, classified.params.first_mut()) else { return };
    first.clone_from(&owner.id);
    let mut params = classified.params.iter();
    let fill = |segment: &str| if segment.starts_with('{') { params.next().cloned().unwrap_or_default() } else { segment.to_owned() };
    classified.path = classified.row.path.split('/').map(fill).collect::<Vec<_>>().join("/");
}

/// What stands behind the `?` of one request.
type Query = Vec<(String, String)>;

/// The requests that a prune becomes, one for each way in which a thing can belong to one of their projects; `None` for whoever reaches
/// everything. Images and what builds left over belong to no project alone: none of them goes.
pub fn prunes(classified: &Classified, permit: &Permit) -> Result<Option<Vec<Query>>, Refusal> {
    let (Place::Prune(thing), Some(projects)) = (permit.operation().place, permit.reach().projects()) else { return Ok(None) };
    if thing == Thing::Image {
        return Ok(Some(Vec::new()));
    }
    let asked = classified.query.iter().find(|(key, _)| key == "filters").map_or("", |(_, value)| value.as_str());
    let asked: Map<String, Value> = match asked {
        "" => Map::new(),
        text => serde_json::from_str(text).map_err(|_| Refusal::bad("The filters are no JSON object."))?,
    };
    // The engine leaves out what has all of these labels, so another one would make ours say nothing.
    if asked.contains_key("label!") {
        return Err(Refusal::bad("With a right on a project a prune takes no filter `label!`."));
    }
    let mut queries = Vec::new();
    for project in projects {
        for (n, label) in LABELS.iter().enumerate() {
            let mut filters = asked.clone();
            add(&mut filters, "label", format!("{label}={project}"))?;
            // Our own label weighs more and may say otherwise. Whatever is made through here has it.
            if n > 0 {
                add(&mut filters, "label!", OWN_LABEL.to_owned())?;
            }
            queries.push(vec![("filters".to_owned(), Value::Object(filters).to_string())]);
        }
    }
    Ok(Some(queries))
}

/// Adds a value to a filter, in either of the forms that the engine takes.
fn add(filters: &mut Map<String, Value>, name: &str, value: String) -> Result<(), Refusal> {
    match filters.entry(name).or_insert_with(|| json!([])) {
        Value::Array(values) => values.push(value.into()),
        Value::Object(values) => drop(values.insert(value, true.into())),
        _ => return Err(Refusal::bad("A filter is a list of values.")),
    }
    Ok(())
}

/// The answers of several prunes as one.
pub fn merged(answers: &[Value]) -> Value {
    let mut whole = Map::new();
    whole.insert("SpaceReclaimed".to_owned(), 0.into());
    for (name, value) in answers.iter().filter_map(Value::as_object).flatten() {
        match (whole.get_mut(name), value) {
            (Some(Value::Number(sum)), Value::Number(more)) => *sum = (sum.as_u64().unwrap_or(0) + more.as_u64().unwrap_or(0)).into(),
            (Some(Value::Array(all)), Value::Array(more)) => all.extend(more.iter().cloned()),
            (Some(Value::Null) | None, value) => drop(whole.insert(name.clone(), value.clone())),
            _ => {}
        }
    }
    Value::Object(whole)
}

/// An engine's error in words that name nothing of others: the ids of what is not theirs are left out.
pub fn hushed(engine: &Engine, permit: &Permit, text: &str) -> String {
    let is_id = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        let foreign = is_id(&word) && !engine.reaches(permit, Thing::Container, &word);
        out.push_str(if foreign { "(not yours)" } else { &word });
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// A stream of events, line by line, without those that are about what is not theirs.
pub fn events(body: Body, engine: Arc<Engine>, permit: Permit) -> Body {
    let state = Lines { body, engine, permit, held: BytesMut::new(), skips: false };
    StreamBody::new(stream::unfold(Some(state), async |state| {
        let mut state = state?;
        match state.next().await {
            Ok(Some(data)) => Some((Ok(Frame::data(data)), Some(state))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    }))
    .boxed_unsync()
}

struct Lines {
    body: Body,
    engine: Arc<Engine>,
    permit: Permit,
    held: BytesMut,
    /// Whether the line that has begun is left out.
    skips: bool,
}

impl Lines {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let mut out = BytesMut::new();
            while let Some(end) = self.held.iter().position(|b| *b == b'\n') {
                let line = self.held.split_to(end + 1);
                if std::mem::take(&mut self.skips) {
                    continue;
                }
                if belongings::cut_event(&self.engine, &self.permit, &line).await {
                    out.extend_from_slice(&line);
                }
            }
            if !out.is_empty() {
                return Ok(Some(out.freeze()));
            }
            // One that is too long to be looked at is left out.
            if self.held.len() > LONGEST_LINE {
                self.skips = true;
                self.held.clear();
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        self.held.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}

/// The progress of a pull; when it has ended well, the image is the project's, too, before the client knows of the end.
pub fn claiming(body: Body, engine: Arc<Engine>, image: String, project: Arc<str>) -> Body {
    let state = (body, false, Vec::new());
    StreamBody::new(stream::unfold(Some(state), move |state| {
        let (engine, image, project) = (engine.clone(), image.clone(), project.clone());
        async move {
            let (mut body, mut failed, mut tail): (Body, bool, Vec<u8>) = state?;
            match body.frame().await {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        // A word may be cut in two.
                        tail.extend_from_slice(data);
                        failed |= tail.windows(FAILED.len()).any(|window| window == FAILED);
                        let keep = tail.len().saturating_sub(FAILED.len());
                        tail.drain(..keep);
                    }
                    Some((Ok(frame), Some((body, failed, tail))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => {
                    if !failed {
                        engine.claim(&image, &project).await;
                    }
                    None
                }
            }
        }
    }))
    .boxed_unsync()
}

/// How the engine says in the middle of a stream that it did not work.
const FAILED: &[u8] = b"\"errorDetail\":";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_added_to_in_either_form() {
        let mut filters: Map<String, Value> = serde_json::from_str(r#"{"label":{"a":true},"until":["1h"]}"#).unwrap();
        add(&mut filters, "label", "b=c".to_owned()).unwrap();
        add(&mut filters, "label!", "d".to_owned()).unwrap();
        assert_eq!(Value::Object(filters), json!({"label": {"a": true, "b=c": true}, "label!": ["d"], "until": ["1h"]}));
        let mut wrong: Map<String, Value> = serde_json::from_str(r#"{"label":"a"}"#).unwrap();
        assert!(add(&mut wrong, "label", "b".to_owned()).is_err());
    }

    #[test]
    fn several_prunes_answer_as_one() {
        let answers = [
            json!({"ContainersDeleted": ["a"], "SpaceReclaimed": 5}),
            json!({"ContainersDeleted": null, "SpaceReclaimed": 0}),
            json!({"ContainersDeleted": ["b"], "SpaceReclaimed": 2}),
        ];
        assert_eq!(merged(&answers), json!({"ContainersDeleted": ["a", "b"], "SpaceReclaimed": 7}));
        assert_eq!(merged(&[]), json!({"SpaceReclaimed": 0}));
    }
}
