//! Looking for records, and counting them.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::{AuditRow, COLUMNS};
use crate::store::{Kind, Result, Sql, Store};

/// How many records that fit are counted, the newest first, where counts by the hour do not tell.
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
    /// Whether only the newest were looked at.
    pub newest_only: bool,
}

/// What is looked at to tell whether what is looked for is common: so many records...
const SAMPLE: i64 = 4_000;
/// ...and it is if so many of them fit.
const COMMON: i64 = 200;
/// How many records that one thing leads to are looked through for all others, the newest first, where records are counted.
const LED: i64 = 50_000;
/// So few records are asked one by one whether they have some words: it takes some 150 µs each.
const FEW: i64 = 1_000;
/// How many are gone through one by one, where they are counted and nothing leads.
const WALKED: i64 = 200_000;

const HOUR_MS: i64 = 3_600_000;
/// As many bars as that at most.
const BARS: i64 = 72;

/// How SQLite goes about it: it knows too little of what is how frequent to find that out by itself. PostgreSQL does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    /// As the database thinks best.
    Own,
    /// Through all records, from the newest: what is common is found so in no time.
    Walk,
    /// By the index of this term. Among what it leads to all else is looked for.
    Term(usize),
    /// By the index of words.
    Words,
}

/// A way, and how many records it leads to; more than [`LED`] is one more.
#[derive(Clone, Copy, Debug)]
struct Lead {
    way: Way,
    records: i64,
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

fn push_term(query: &mut Sql, term: &Term, walk: bool) {
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
    fn leads(&self) -> bool {
        if self.not {
            return self.leaves().is_some();
        }
        self.field.columns().iter().all(|column| proof(column, &self.values).is_some())
    }

    /// Whether that index has them from the oldest to the newest.
    fn is_in_order(&self) -> bool {
        !self.not && self.field.columns().len() == 1 && matches!(self.values.as_slice(), [Match::Is(_) | Match::Number(_)])
    }
}

/// That a record's text has all of these words, each by its beginning: as FTS5 has it, or as PostgreSQL does.
fn push_words(query: &mut Sql, words: &[String]) {
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

impl Find {
    /// `FROM ... WHERE ...` of the records that fit, of the newest `bound` to which the way leads.
    fn source(&self, query: &mut Sql, way: Way, bound: Option<i64>) {
        query.push(" FROM ");
        if bound.is_some() {
            query.push("(SELECT audit.* FROM ");
        }
        self.lead(query, way);
        if let Some(bound) = bound {
            query.push(self.order(way)).push_bind(bound).push(") AS audit WHERE 1 = 1");
        }
        for (limit, sign) in [(self.from, " >= "), (self.to, " < ")] {
            if let Some(limit) = limit {
                query.push(" AND at").push(sign).push_bind(limit);
            }
        }
        for (n, term) in self.terms.iter().enumerate() {
            if way != Way::Term(n) {
                push_term(query, term, way != Way::Own);
            }
        }
        if !self.words.is_empty() && !self.is_by_words(way) {
            // No EXISTS: SQLite makes a join of that, and begins it with the words.
            query.push(" AND (SELECT COUNT(*) FROM audit_words WHERE audit_words.rowid = audit.id AND ");
            push_words(query, &self.words);
            query.push(") > 0");
        }
    }

    /// What the way leads to, as what follows `FROM`.
    fn lead(&self, query: &mut Sql, way: Way) {
        if self.is_by_words(way) {
            query.push("audit_words JOIN audit ON audit.id = audit_words.rowid WHERE ");
            push_words(query, &self.words);
        } else {
            query.push("audit WHERE 1 = 1");
        }
        for (limit, sign) in [(self.before, " < "), (self.last_id, " <= "), (self.first_id, " >= ")] {
            if let Some(limit) = limit {
                query.push(" AND ").push(self.key(way)).push(sign).push_bind(limit);
            }
        }
        if let Way::Term(n) = way {
            push_term(query, &self.terms[n], false);
        }
    }

    /// Whether the index of words leads: it goes from the newest to the oldest by itself.
    fn is_by_words(&self, way: Way) -> bool {
        way == Way::Words || way == Way::Own && !self.words.is_empty()
    }

    fn key(&self, way: Way) -> &'static str {
        if self.is_by_words(way) { "audit_words.rowid" } else { "audit.id" }
    }

    fn order(&self, way: Way) -> &'static str {
        match way {
            // An index that has them in another order is to be taken all the same.
            Way::Term(n) if !self.terms[n].is_in_order() => " ORDER BY +audit.id DESC LIMIT ",
            way if self.is_by_words(way) => " ORDER BY audit_words.rowid DESC LIMIT ",
            _ => " ORDER BY audit.id DESC LIMIT ",
        }
    }

    /// Whether counts by the hour answer: a bar is an hour at least, and nothing else is asked for than what they tell.
    fn is_counted(&self) -> bool {
        self.words.is_empty() && self.terms.iter().all(|term| term.field.is_counted())
    }
}

impl Store {
    /// Records that fit, newest first.
    pub async fn audit(&self, find: &Find, limit: u32) -> Result<Vec<AuditRow>> {
        let way = self.way(find).await?.way;
        let mut query = Sql::new(self.kind, "SELECT ");
        query.push(COLUMNS);
        find.source(&mut query, way, None);
        query.push(find.order(way)).push_bind(i64::from(limit));
        query.fetch_all(&self.read).await
    }

    /// How to find what is looked for: what is common by going through all, and what is rare by whatever leads to the fewest.
    async fn way(&self, find: &Find) -> Result<Lead> {
        if self.kind == Kind::Postgres {
            return Ok(Lead { way: Way::Own, records: 0 });
        }
        let all = |way| Lead { way, records: LED + 1 };
        match (find.words.is_empty(), find.terms.is_empty()) {
            (true, true) => Ok(all(Way::Walk)),
            (false, true) => Ok(all(Way::Words)),
            (true, false) if self.is_common(find).await? => Ok(all(Way::Walk)),
            (true, false) => match self.best_term(find).await? {
                // What leads to many in another order would have to be sorted first.
                Some((_, lead)) if lead.records <= LED => Ok(lead),
                Some((term, lead)) if term.is_in_order() => Ok(lead),
                _ => Ok(all(Way::Walk)),
            },
            (false, false) => {
                // To ask each record for its words takes too long where there are many.
                let term = self.best_term(find).await?.map(|(_, lead)| lead).filter(|lead| lead.records <= FEW);
                Ok(term.unwrap_or(all(Way::Words)))
            }
        }
    }

    /// The term that leads to the fewest records.
    async fn best_term<'f>(&self, find: &'f Find) -> Result<Option<(&'f Term, Lead)>> {
        let mut best: Option<(&Term, Lead)> = None;
        for (n, term) in find.terms.iter().enumerate().filter(|(_, term)| term.leads()) {
            let most = best.as_ref().map_or(LED + 1, |(_, lead)| lead.records);
            let records = self.led(find, Way::Term(n), most).await?;
            if best.is_none() || records < most {
                best = Some((term, Lead { way: Way::Term(n), records }));
            }
        }
        Ok(best)
    }

    /// To how many records this way leads, if it is fewer than `most`: by the index alone.
    async fn led(&self, find: &Find, way: Way, most: i64) -> Result<i64> {
        let mut query = Sql::new(self.kind, "SELECT COUNT(*) FROM (SELECT 1 FROM ");
        find.lead(&mut query, way);
        query.push(" LIMIT ").push_bind(most).push(") AS led");
        let found: Option<(i64,)> = query.fetch_optional(&self.read).await?;
        Ok(found.map_or(0, |(records,)| records))
    }

    /// Whether what is looked for is common among the newest.
    async fn is_common(&self, find: &Find) -> Result<bool> {
        let mut query = Sql::new(self.kind, "SELECT COUNT(*)");
        find.source(&mut query, Way::Walk, Some(SAMPLE));
        let found: Option<(i64,)> = query.fetch_optional(&self.read).await?;
        Ok(found.is_some_and(|(records,)| records >= COMMON))
    }

    /// The record of this id.
    pub async fn audit_record(&self, id: i64) -> Result<Option<AuditRow>> {
        let mut query = Sql::new(self.kind, "SELECT ");
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
            let mut query = Sql::new(self.kind, "SELECT ");
            query.push(column).push(" AS value, CAST(SUM(records) AS BIGINT) AS records");
            source(&mut query);
            query.push(" GROUP BY ").push(column).push(" ORDER BY records DESC, value LIMIT ").push_bind(VALUES);
            *into = query.fetch_all(&self.read).await?;
        }
        let mut query = Sql::new(self.kind, "SELECT hour / ");
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
        let lead = self.way(find).await?;
        let bound = match lead.way {
            Way::Own => None,
            Way::Walk => Some(WALKED),
            Way::Term(_) | Way::Words => Some(LED),
        };
        let mut query = Sql::new(self.kind, "SELECT at, username, target, permission, outcome");
        find.source(&mut query, lead.way, bound);
        // What is taken from the newest comes in their order already, and would be sorted for nothing.
        query.push(if bound.is_some() { " LIMIT " } else { " ORDER BY audit.id DESC LIMIT " }).push_bind(COUNTED);
        let records: Vec<(i64, String, String, String, String)> = query.fetch_all(&self.read).await?;
        let newest_only = match lead.way {
            _ if i64::try_from(records.len()).is_ok_and(|records| records >= COUNTED) => true,
            Way::Own => false,
            Way::Walk => self.led(find, Way::Walk, WALKED + 1).await? > WALKED,
            // With words alone, all that they lead to fits.
            Way::Words if find.terms.is_empty() => false,
            Way::Words => self.led(find, Way::Words, LED + 1).await? > LED,
            Way::Term(_) => lead.records > LED,
        };
        let mut counts = Counts { width, newest_only, ..Counts::default() };
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
