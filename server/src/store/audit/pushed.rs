//! Who let tags mean what they mean.

use sqlx::FromRow;

use crate::store::{Result, Sql, Store};

/// Objects in one statement.
const OBJECTS: usize = 50;
/// How many records of one object are looked through, the newest first: most of them are pulls.
const NEWEST: i64 = 5_000;

/// The newest record of an object that let it mean something.
#[derive(Clone, Debug, FromRow)]
pub struct PushedRow {
    pub id: i64,
    pub at: i64,
    pub username: String,
    pub object: String,
    /// What it came to mean; empty where that is not known.
    pub object_id: String,
}

impl Store {
    /// For each of `objects` the newest record that ended well and took one of `permissions`, as far as it is among its newest 5,000.
    pub async fn pushed(&self, objects: &[String], permissions: &[&str]) -> Result<Vec<PushedRow>> {
        let mut found = Vec::new();
        for objects in objects.chunks(OBJECTS) {
            let mut query = Sql::new(self.kind, "");
            for (n, object) in objects.iter().enumerate() {
                query.push(if n == 0 { "" } else { " UNION ALL " });
                query.push("SELECT id, at, username, object, object_id FROM (SELECT id, at, username, object, object_id FROM (");
                query.push("SELECT id, at, username, object, object_id, outcome, permission FROM audit WHERE object = ").push_bind(object.as_str());
                query.push(" ORDER BY id DESC LIMIT ").push_bind(NEWEST).push(") AS newest WHERE outcome = 'ok' AND permission IN (");
                let mut list = query.list();
                permissions.iter().for_each(|permission| {
                    list.push_bind(*permission);
                });
                query.push(") ORDER BY id DESC LIMIT 1) AS found");
            }
            found.extend(query.fetch_all::<PushedRow>(&self.read).await?);
        }
        Ok(found)
    }
}
