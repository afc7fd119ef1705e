//! Looking for records, and counting them.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::{AuditRow, COLUMNS};
use crate::store::{Kind, Result, Sql, Store};

/// How many records are looked at, the newest first, where counts by the hour do not tell.
pub const COUNTED: i64 = 20_000;
/// How many values of a field are told of.
const VALUES: i64 = 30;

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
    fn is_counted(self) -> bool {
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

/// How often a value is there.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Count {
    pub value: String,
    pub records: i64,
}

/// How many records there are in a stretch of time.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Bar {
    /// When it begins, in ms.
    pub at: i64,
    pub records: i64,
    /// Those that were denied, or failed.
    pub bad: i64,
}

/// The same thing, done by the same person on the same object.
#[derive(Clone, Debug, FromRow)]
pub struct Group {
    pub username: String,
    pub target: String,
    pub operation: String,
    pub permission: String,
    pub object: String,
    pub object_id: String,
    /// What one of them asked for, as JSON.
    pub changes: String,
    pub records: i64,
    pub last_id: i64,
    pub last_at: i64,
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub users: Vec<Count>,
    pub targets: Vec<Count>,
    pub permissions: Vec<Count>,
    pub outcomes: Vec<Count>,
    pub bars: Vec<Bar>,
    /// How long a bar is, in ms.
    pub width: i64,
    /// Whether only the newest [`COUNTED`] were looked at.
    pub newest_only: bool,
}

/// What is looked at to tell whether what is looked for is common: so many records...
const SAMPLE: i64 = 4_000;
/// ...and it is if so many of them fit.
const COMMON: i64 = 200;

const HOUR_MS: i64 = 3_600_000;
/// As many bars as that at most.
const BARS: i64 = 72;

/// What an index of these leaves out. A database takes such an index only where the query itself says that it looks for nothing of that.
fn left_out(column: &str) -> Option<&'static str> {
    match column {
        "outcome" => Some("ok"),
        "object_name" | "object_id" | "team" => Some(""),
        _ => None,
    }
}

/// With `walk` the records are gone through one by one: no index is taken for this column. What is common is found so in no time, and by an
/// index all of it would have to be sorted first.
fn value(query: &mut Sql, column: &'static str, value: &Match, walk: bool) {
    query.push(if walk { "(+" } else { "(" }).push(column);
    let begin = match value {
        Match::Is(text) => {
            query.push(" = ").push_bind(text.as_str());
            text
        }
        // A range, not LIKE: it needs no escaping, and an index serves it.
        Match::Begins(text) => {
            query
                .push(" >= ")
                .push_bind(text.as_str())
                .push(" AND ")
                .push(if walk { "+" } else { "" })
                .push(column)
                .push(" < ")
                .push_bind(format!("{text}\u{10ffff}"));
            text
        }
        Match::Number(number) => {
            query.push(" = ").push_bind(*number).push(")");
            return;
        }
    };
    if let Some(left_out) = left_out(column).filter(|left_out| !walk && !left_out.starts_with(begin.as_str())) {
        query.push(" AND ").push(column).push(" <> '").push(left_out).push("'");
    }
    query.push(")");
}

fn push_term(query: &mut Sql, term: &Term, walk: bool) {
    query.push(if term.not { " AND NOT (" } else { " AND (" });
    let mut first = true;
    for column in term.field.columns() {
        for wanted in &term.values {
            if !std::mem::take(&mut first) {
                query.push(" OR ");
            }
            value(query, column, wanted, walk);
        }
    }
    query.push(")");
}

/// That a record's text has all of these words, each by its beginning: as FTS5 has it, or as PostgreSQL does.
fn push_words(kind: Kind, query: &mut Sql, words: &[String]) {
    let all = |word: &dyn Fn(&str) -> String, and: &str| words.iter().map(|text| word(text)).collect::<Vec<_>>().join(and);
    match kind {
        Kind::Sqlite => query.push("audit_words MATCH ").push_bind(all(&|word| format!("\"{}\"*", word.replace('"', "\"\"")), " AND ")),
        // Nothing but signs: no record has it.
        Kind::Postgres if words.iter().any(|word| super::index::parts(word).next().is_none()) => query.push("1 = 0"),
        Kind::Postgres => query.push("to_tsvector('simple', audit_words.text) @@ to_tsquery('simple', ").push_bind(all(&neighbours, " & ")).push(")"),
    };
}

/// A word with something else in it than letters and digits is several, one behind the other.
fn neighbours(word: &str) -> String {
    let parts: Vec<_> = super::index::parts(word).map(|part| format!("'{part}'")).collect();
    format!("({}:*)", parts.join(" <-> "))
}

/// Whether a record fits, as a condition on `audit`: in brackets.
pub(super) fn push_condition(kind: Kind, query: &mut Sql, find: &Find) {
    query.push("(1 = 1");
    if !find.words.is_empty() {
        query.push(" AND id IN (SELECT rowid FROM audit_words WHERE ");
        push_words(kind, query, &find.words);
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

impl Find {
    /// `FROM ... WHERE ...` of the records that fit.
    fn source(&self, kind: Kind, query: &mut Sql, walk: bool) {
        // With words the index of words leads: it goes from the newest to the oldest by itself.
        if self.words.is_empty() {
            query.push(" FROM audit WHERE 1 = 1");
        } else {
            query.push(" FROM audit_words JOIN audit ON audit.id = audit_words.rowid WHERE ");
            push_words(kind, query, &self.words);
        }
        self.push_limits(query, if self.words.is_empty() { "audit.id" } else { "audit_words.rowid" });
        self.terms.iter().for_each(|term| push_term(query, term, walk));
    }

    /// That a record is of its time, and its id in `key` before the one that is asked for.
    fn push_limits(&self, query: &mut Sql, key: &str) {
        for (limit, sign) in [(self.before, " < "), (self.last_id, " <= "), (self.first_id, " >= ")] {
            if let Some(limit) = limit {
                query.push(" AND ").push(key).push(sign).push_bind(limit);
            }
        }
        for (limit, sign) in [(self.from, " >= "), (self.to, " < ")] {
            if let Some(limit) = limit {
                query.push(" AND at").push(sign).push_bind(limit);
            }
        }
    }

    fn order(&self) -> &'static str {
        if self.words.is_empty() { " ORDER BY audit.id DESC LIMIT " } else { " ORDER BY audit_words.rowid DESC LIMIT " }
    }

    /// Whether counts by the hour answer: a bar is an hour at least, and nothing else is asked for than what they tell.
    fn is_counted(&self) -> bool {
        self.words.is_empty() && self.terms.iter().all(|term| term.field.is_counted())
    }
}

impl Store {
    /// Records that fit, newest first.
    pub async fn audit(&self, find: &Find, limit: u32) -> Result<Vec<AuditRow>> {
        let mut query = Sql::new("SELECT ");
        query.push(COLUMNS);
        find.source(self.kind, &mut query, self.is_common(find).await?);
        query.push(find.order()).push_bind(i64::from(limit));
        query.fetch_all(&self.read).await
    }

    /// Whether what is looked for is so common among the newest that they are better gone through one by one. PostgreSQL has figures of its own
    /// for that; words have an index that goes from the newest to the oldest.
    async fn is_common(&self, find: &Find) -> Result<bool> {
        if self.kind == Kind::Postgres || find.terms.is_empty() || !find.words.is_empty() {
            return Ok(false);
        }
        let mut query = Sql::new("SELECT COUNT(*) FROM (SELECT * FROM audit WHERE 1 = 1");
        find.push_limits(&mut query, "audit.id");
        query.push(" ORDER BY audit.id DESC LIMIT ").push_bind(SAMPLE).push(") AS newest WHERE 1 = 1");
        find.terms.iter().for_each(|term| push_term(&mut query, term, true));
        let found: Option<(i64,)> = query.fetch_optional(&self.read).await?;
        Ok(found.is_some_and(|(records,)| records >= COMMON))
    }

    /// The record of this id.
    pub async fn audit_record(&self, id: i64) -> Result<Option<AuditRow>> {
        let mut query = Sql::new("SELECT ");
        query.push(COLUMNS).push(" FROM audit WHERE id = ").push_bind(id);
        query.fetch_optional(&self.read).await
    }

    /// How many records fit: by user, target, permission and outcome, and over time, from `from` to `to` (ms).
    pub async fn audit_counts(&self, find: &Find, from: i64, to: i64) -> Result<Counts> {
        let hours = (to - from).div_euclid(HOUR_MS).max(1);
        if find.is_counted() && hours > 6 {
            let width = ((hours + BARS - 1) / BARS) * HOUR_MS;
            return self.counts_by_the_hour(find, from, to, width).await;
        }
        self.counts_of_the_newest(find, ((to - from) / BARS).max(1_000)).await
    }

    async fn counts_by_the_hour(&self, find: &Find, from: i64, to: i64, width: i64) -> Result<Counts> {
        let source = |query: &mut Sql| {
            query.push(" FROM audit_hours WHERE hour >= ").push_bind(from.div_euclid(HOUR_MS) * HOUR_MS);
            query.push(" AND hour < ").push_bind(to);
            find.terms.iter().for_each(|term| push_term(query, term, false));
        };
        let mut counts = Counts { width, ..Counts::default() };
        for (column, into) in counts.fields() {
            let mut query = Sql::new("SELECT ");
            query.push(column).push(" AS value, CAST(SUM(records) AS BIGINT) AS records");
            source(&mut query);
            query.push(" GROUP BY ").push(column).push(" ORDER BY records DESC, value LIMIT ").push_bind(VALUES);
            *into = query.fetch_all(&self.read).await?;
        }
        let mut query = Sql::new("SELECT hour / ");
        query
            .push_bind(width)
            .push(" * ")
            .push_bind(width)
            .push(" AS at, CAST(SUM(records) AS BIGINT) AS records, CAST(SUM(CASE WHEN outcome IN ('denied', 'failed') THEN records ELSE 0 END) AS BIGINT) AS bad");
        source(&mut query);
        query.push(" GROUP BY 1 ORDER BY 1");
        counts.bars = query.fetch_all(&self.read).await?;
        Ok(counts)
    }

    async fn counts_of_the_newest(&self, find: &Find, width: i64) -> Result<Counts> {
        let mut query = Sql::new("SELECT at, username, target, permission, outcome");
        find.source(self.kind, &mut query, self.is_common(find).await?);
        query.push(find.order()).push_bind(COUNTED);
        let records: Vec<(i64, String, String, String, String)> = query.fetch_all(&self.read).await?;
        let mut counts = Counts { width, newest_only: i64::try_from(records.len()).is_ok_and(|records| records >= COUNTED), ..Counts::default() };
        counts.users = most(records.iter().map(|record| &record.1));
        counts.targets = most(records.iter().map(|record| &record.2));
        counts.permissions = most(records.iter().map(|record| &record.3));
        counts.outcomes = most(records.iter().map(|record| &record.4));
        let mut bars: BTreeMap<i64, Bar> = BTreeMap::new();
        for (at, .., outcome) in &records {
            let at = at.div_euclid(width) * width;
            let bar = bars.entry(at).or_insert(Bar { at, records: 0, bad: 0 });
            bar.records += 1;
            bar.bad += i64::from(matches!(outcome.as_str(), "denied" | "failed"));
        }
        counts.bars = bars.into_values().collect();
        Ok(counts)
    }

    /// What was done since `from` (ms): the same by the same person on the same object once, the newest first, at most `limit`.
    pub async fn audit_groups(&self, from: i64, limit: u32) -> Result<Vec<Group>> {
        let sql = "SELECT username, target, operation, permission, object, MAX(object_id) AS object_id, MAX(changes) AS changes, COUNT(*) AS records, \
                   MAX(id) AS last_id, MAX(at) AS last_at FROM audit WHERE at >= $1 AND username <> '-' \
                   GROUP BY username, target, operation, permission, object ORDER BY last_id DESC LIMIT $2";
        Ok(sqlx::query_as(sql).bind(from).bind(i64::from(limit)).fetch_all(&self.read).await?)
    }

    /// The time of the first record; `None` without any.
    pub async fn audit_begins(&self) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar("SELECT at FROM audit ORDER BY id LIMIT 1").fetch_optional(&self.read).await?)
    }
}

/// The most frequent of these values, with how often each is there.
fn most<'a>(values: impl Iterator<Item = &'a String>) -> Vec<Count> {
    let mut counts: BTreeMap<&String, i64> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let mut counts: Vec<Count> = counts.into_iter().map(|(value, records)| Count { value: value.clone(), records }).collect();
    // It is stable: what is as frequent stays in the order of the values.
    counts.sort_by_key(|count| -count.records);
    counts.truncate(usize::try_from(VALUES).unwrap_or(usize::MAX));
    counts
}

impl Counts {
    fn fields(&mut self) -> [(&'static str, &mut Vec<Count>); 4] {
        [("username", &mut self.users), ("target", &mut self.targets), ("permission", &mut self.permissions), ("outcome", &mut self.outcomes)]
    }
}
