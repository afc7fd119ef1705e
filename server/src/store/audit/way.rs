//! Ways to what is looked for: through all records, or by an index.

use super::{
    AuditRow, COLUMNS, Find, Term,
    find::{push_term, push_words},
};
use crate::store::{Kind, Result, Sql, Store};

/// What is looked at to tell whether what is looked for is common: so many records...
const SAMPLE: i64 = 4_000;
/// ...and it is if so many of them fit.
const COMMON: i64 = 200;
/// How many records that a term leads to are looked through for all others, the newest first, where records are counted.
pub(super) const LED: i64 = 50_000;
/// So few records are asked one by one whether they have some words: it takes some 150 µs each.
const FEW: i64 = 1_000;

/// How SQLite goes about it: it knows too little of what is how frequent to find that out by itself. PostgreSQL does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
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
pub(super) struct Lead {
    pub(super) way: Way,
    pub(super) records: i64,
}

impl Find {
    /// `FROM ... WHERE ...` of the records that fit, of the newest `bound` to which the way leads.
    pub(super) fn source(&self, query: &mut Sql, way: Way, bound: Option<i64>) {
        query.push(" FROM ");
        if bound.is_some() {
            query.push("(SELECT audit.* FROM ");
        }
        self.lead(query, way, true);
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

    /// What the way leads to, as what follows `FROM`: with the `whole` records, or as far as it takes to count them.
    pub(super) fn lead(&self, query: &mut Sql, way: Way, whole: bool) {
        if self.is_by_words(way) {
            query.push("audit_words");
            if whole {
                query.push(" JOIN audit ON audit.id = audit_words.rowid");
            }
            query.push(" WHERE ");
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
    pub(super) async fn way(&self, find: &Find) -> Result<Lead> {
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
    pub(super) async fn led(&self, find: &Find, way: Way, most: i64) -> Result<i64> {
        let mut query = Sql::new(self.kind, "SELECT COUNT(*) FROM (SELECT 1 FROM ");
        find.lead(&mut query, way, false);
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
}
