//! Counting records: how many fit, of what kinds, and when.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::{
    Find,
    find::push_term,
    way::{LED, Way},
};
use crate::store::{Result, Sql, Store};

/// How many records that fit are counted, the newest first, where counts by the hour do not tell.
pub const COUNTED: i64 = 20_000;
/// How many values of a field are told of.
const VALUES: i64 = 30;
/// How many records that words lead to are looked through for all others, the newest first: each has to be looked up by itself.
const LED_BY_WORDS: i64 = 20_000;
/// How many are gone through one by one, where they are counted and nothing leads.
const WALKED: i64 = 200_000;
/// Where so few fit among those, all records are looked through.
const ENOUGH: usize = 500;

const HOUR_MS: i64 = 3_600_000;
/// As many bars as that at most.
const BARS: i64 = 72;

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

/// What a record is counted by: its time, user, target, permission and outcome.
type Told = (i64, String, String, String, String);

impl Find {
    /// Whether counts by the hour answer: a bar is an hour at least, and nothing else is asked for than what they tell.
    fn is_counted(&self) -> bool {
        self.words.is_empty() && self.terms.iter().all(|term| term.field.is_counted())
    }
}

impl Store {
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
            Way::Term(_) => Some(LED),
            Way::Words => Some(LED_BY_WORDS),
        };
        let newest = self.newest(find, lead.way).await?;
        let mut records = self.those_counted(newest.as_ref().unwrap_or(find), lead.way, bound).await?;
        let narrowed = newest.is_some() && records.len() >= ENOUGH;
        if newest.is_some() && !narrowed {
            records = self.those_counted(find, lead.way, bound).await?;
        }
        let newest_only = match lead.way {
            _ if i64::try_from(records.len()).is_ok_and(|records| records >= COUNTED) => true,
            Way::Own => narrowed,
            Way::Walk => self.led(find, Way::Walk, WALKED + 1).await? > WALKED,
            Way::Words => self.led(find, Way::Words, LED_BY_WORDS + 1).await? > LED_BY_WORDS,
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

    async fn those_counted(&self, find: &Find, way: Way, bound: Option<i64>) -> Result<Vec<Told>> {
        let mut query = Sql::new(self.kind, "SELECT at, username, target, permission, outcome");
        find.source(&mut query, way, bound);
        // What is taken from the newest comes in their order already, and would be sorted for nothing.
        query.push(if bound.is_some() { " LIMIT " } else { " ORDER BY audit.id DESC LIMIT " }).push_bind(COUNTED);
        query.fetch_all(&self.read).await
    }

    /// The same among the newest records, if there are more. Where the database finds its own way, it looks through all that words lead to, the oldest first.
    async fn newest(&self, find: &Find, way: Way) -> Result<Option<Find>> {
        if way != Way::Own || find.words.is_empty() {
            return Ok(None);
        }
        let mut query = Sql::new(self.kind, "SELECT audit.id FROM ");
        find.lead(&mut query, Way::Walk, true);
        query.push(" ORDER BY audit.id DESC LIMIT 1 OFFSET ").push_bind(WALKED);
        let first: Option<(i64,)> = query.fetch_optional(&self.read).await?;
        Ok(first.map(|(first,)| Find { first_id: Some(first), ..find.clone() }))
    }

    /// What was done since `from` (ms): the same by the same person on the same object once, the newest first, at most `limit`.
    pub async fn audit_groups(&self, from: i64, limit: u32) -> Result<Vec<Group>> {
        let sql = "SELECT username, target, operation, permission, object, MAX(object_id) AS object_id, MAX(changes) AS changes, COUNT(*) AS records, \
                   MAX(id) AS last_id, MAX(at) AS last_at FROM audit WHERE at >= $1 AND username <> '-' \
                   GROUP BY username, target, operation, permission, object ORDER BY last_id DESC LIMIT $2";
        Ok(sqlx::query_as(sql).bind(from).bind(i64::from(limit)).fetch_all(&self.read).await?)
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
