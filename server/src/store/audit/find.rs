//! What is looked for in the trail, and how a query says so.

use crate::store::{Kind, Sql};

/// What one may look by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    User,
    Viewer,
    Team,
    Credential,
    Door,
    Address,
    Client,
    Target,
    Operation,
    Permission,
    /// By name, by id, and by what it was called.
    Object,
    Decision,
    Outcome,
    Grant,
    Status,
    Change,
}

impl Field {
    fn columns(self) -> &'static [&'static str] {
        match self {
            Field::User => &["username"],
            Field::Viewer => &["viewer"],
            Field::Team => &["team"],
            Field::Credential => &["credential"],
            Field::Door => &["door"],
            Field::Address => &["address"],
            Field::Client => &["client"],
            Field::Target => &["target"],
            Field::Operation => &["operation"],
            Field::Permission => &["permission"],
            Field::Object => &["object", "object_name", "object_id"],
            Field::Decision => &["decision"],
            Field::Outcome => &["outcome"],
            Field::Grant => &["grant_id"],
            Field::Status => &["status"],
            Field::Change => &["is_change"],
        }
    }

    /// Whether counts by the hour tell of it.
    pub(super) fn is_counted(self) -> bool {
        matches!(self, Field::User | Field::Target | Field::Permission | Field::Outcome | Field::Change)
    }
}

/// A value to look for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Match {
    Is(String),
    Begins(String),
    Number(i64),
}

/// One of these values in a field, or none of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Term {
    pub field: Field,
    pub values: Vec<Match>,
    pub not: bool,
}

/// What to look for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Find {
    pub terms: Vec<Term>,
    /// Each is the beginning of a word of the intent.
    pub words: Vec<String>,
    /// The time of the intent, in ms: from and to, without the latter.
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// What an id of that time would be: it narrows by the key. A clock that was set back may have put some outside.
    pub first_id: Option<i64>,
    pub last_id: Option<i64>,
    /// Records before this one.
    pub before: Option<i64>,
}

/// What an index holds of a column, where that is not all: it is taken only where the query itself says so, since a bound value proves nothing.
fn held(column: &str) -> Option<(&'static str, &'static str)> {
    match column {
        "outcome" => Some(("ok", "outcome <> 'ok'")),
        "decision" => Some(("allowed", "decision <> 'allowed'")),
        "viewer" => Some(("", "viewer <> ''")),
        "team" => Some(("", "team <> ''")),
        "object_name" => Some(("", "object_name <> ''")),
        "object_id" => Some(("", "object_id <> ''")),
        "grant_id" => Some(("", "grant_id <> ''")),
        _ => None,
    }
}

/// What most operations end with.
const USUAL: [i64; 2] = [200, 204];

/// What proves to a database that its index has all of these; `None` where it has not.
fn proof(column: &str, values: &[Match]) -> Option<&'static str> {
    match column {
        "status" => {
            let is_held = |value: &Match| matches!(value, Match::Number(status) if !USUAL.contains(status));
            values.iter().all(is_held).then_some("status <> 200 AND status <> 204")
        }
        "is_change" => match values {
            [Match::Number(1)] => Some("is_change = 1"),
            [Match::Number(0)] => Some("is_change = 0"),
            _ => None,
        },
        column => {
            let Some((left_out, proof)) = held(column) else { return Some("1 = 1") };
            let is_held = |value: &Match| match value {
                Match::Is(text) => text != left_out,
                Match::Begins(text) => !left_out.starts_with(text.as_str()),
                Match::Number(_) => false,
            };
            values.iter().all(is_held).then_some(proof)
        }
    }
}

/// One of these values in a column. With `walk` no index is taken for it.
fn push_values(query: &mut Sql, column: &'static str, values: &[Match], walk: bool) {
    let sign = if walk { "+" } else { "" };
    for (n, value) in values.iter().enumerate() {
        query.push(if n == 0 { "(" } else { " OR " }).push(sign).push(column);
        match value {
            Match::Is(text) => query.push(" = ").push_bind(text.as_str()),
            // A range, not LIKE: it needs no escaping, and an index serves it.
            Match::Begins(text) => {
                let end = format!("{text}\u{10ffff}");
                query.push(" >= ").push_bind(text.as_str()).push(" AND ").push(sign).push(column).push(" < ").push_bind(end)
            }
            Match::Number(number) => query.push(" = ").push_bind(*number),
        };
    }
    query.push(")");
}

pub(super) fn push_term(query: &mut Sql, term: &Term, walk: bool) {
    query.push(" AND (");
    for (n, column) in term.field.columns().iter().enumerate() {
        query.push(if n == 0 { "(" } else { " OR (" });
        push_values(query, column, &term.values, walk);
        if let Some(proof) = proof(column, &term.values).filter(|_| !walk) {
            query.push(" AND ").push(proof);
        }
        query.push(")");
    }
    // What has no status is not of that status, either.
    query.push(if term.not { ") IS NOT TRUE" } else { ")" });
    if let Some(proof) = term.leaves().filter(|_| !walk) {
        query.push(" AND ").push(proof);
    }
}

impl Term {
    /// What an index holds, where a term leaves out just the rest: `-outcome:ok`.
    fn leaves(&self) -> Option<&'static str> {
        let ([column], [Match::Is(value)]) = (self.field.columns(), self.values.as_slice()) else { return None };
        held(column).filter(|(left_out, _)| self.not && left_out == value).map(|(_, proof)| proof)
    }

    /// Whether an index leads to its records.
    pub(super) fn leads(&self) -> bool {
        if self.not {
            return self.leaves().is_some();
        }
        self.field.columns().iter().all(|column| proof(column, &self.values).is_some())
    }

    /// Whether that index has them from the oldest to the newest.
    pub(super) fn is_in_order(&self) -> bool {
        !self.not && self.field.columns().len() == 1 && matches!(self.values.as_slice(), [Match::Is(_) | Match::Number(_)])
    }
}

/// That a record's text has all of these words, each by its beginning: as FTS5 has it, or as PostgreSQL does.
pub(super) fn push_words(query: &mut Sql, words: &[String]) {
    let all = |word: &dyn Fn(&str) -> String, and: &str| words.iter().map(|text| word(text)).collect::<Vec<_>>().join(and);
    match query.kind {
        Kind::Sqlite => query.push("audit_words MATCH ").push_bind(all(&|word| format!("\"{}\"*", word.replace('"', "\"\"")), " AND ")),
        // Nothing but signs: no record has it.
        Kind::Postgres if words.iter().any(|word| super::index::parts(word).next().is_none()) => query.push("1 = 0"),
        Kind::Postgres => query.push("audit_words.words @@ to_tsquery('simple', ").push_bind(all(&neighbours, " & ")).push(")"),
    };
}

/// A word with something else in it than letters and digits is several, one behind the other.
fn neighbours(word: &str) -> String {
    let parts: Vec<_> = super::index::parts(word).map(|part| format!("'{part}'")).collect();
    format!("({}:*)", parts.join(" <-> "))
}

/// Whether a record fits, as a condition on `audit`: in brackets.
pub(super) fn push_condition(query: &mut Sql, find: &Find) {
    query.push("(1 = 1");
    if !find.words.is_empty() {
        query.push(" AND id IN (SELECT rowid FROM audit_words WHERE ");
        push_words(query, &find.words);
        query.push(")");
    }
    for (limit, sign) in [(find.from, " >= "), (find.to, " < ")] {
        if let Some(limit) = limit {
            query.push(" AND at").push(sign).push_bind(limit);
        }
    }
    find.terms.iter().for_each(|term| push_term(query, term, false));
    query.push(")");
}
