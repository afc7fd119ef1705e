//! What registries are bound by, and what prefixes with a quota hold.

use sqlx::AnyConnection;

use super::{Result, Store};

/// A manifest on its way into a repository that a quota is for.
#[derive(Clone, Copy, Debug)]
pub struct Holding<'a> {
    pub registry: &'a str,
    pub repository: &'a str,
    /// Its digest.
    pub manifest: &'a str,
    /// The tag that comes to mean it, if one does.
    pub tag: Option<&'a str>,
    /// All that it takes up, itself included: digests and bytes, each once.
    pub blobs: &'a [(String, i64)],
}

/// How much a prefix may hold; nothing where there is no bound.
#[derive(Clone, Debug)]
pub struct Bound {
    pub prefix: String,
    pub bytes: Option<i64>,
    pub tags: Option<i64>,
}

/// How much a prefix holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Held {
    pub bytes: i64,
    pub tags: i64,
}

/// What became of a manifest that asked for room.
#[derive(Clone, Debug)]
pub enum Room {
    /// It has it, and counts from now on.
    Taken {
        /// It was not there before.
        fresh: bool,
        /// What its tag meant before.
        tag: Option<String>,
    },
    /// This bound has too little of it: the prefix would hold so much. Nothing was changed.
    Missing { bound: Bound, would: Held },
}

/// The first name behind all that are under a prefix: names have `/` where it has the character after that.
fn range(prefix: &str) -> (String, String) {
    if prefix.is_empty() { (String::new(), "~".to_owned()) } else { (format!("{prefix}/"), format!("{prefix}0")) }
}

async fn held(connection: &mut AnyConnection, registry: &str, prefix: &str) -> Result<Held> {
    let (from, to) = range(prefix);
    // In two parts: the sum of all is larger than a number may be, where a registry says that its blobs are.
    let sql = "SELECT CAST(COALESCE(SUM(b.bytes / 1048576), 0) AS BIGINT), CAST(COALESCE(SUM(b.bytes % 1048576), 0) AS BIGINT) FROM (SELECT blob, MAX(bytes) AS bytes FROM registry_blobs \
               WHERE registry = $1 AND (repository = $2 OR (repository >= $3 AND repository < $4)) GROUP BY blob) b";
    let (mib, rest): (i64, i64) = sqlx::query_as(sql).bind(registry).bind(prefix).bind(&from).bind(&to).fetch_one(&mut *connection).await?;
    let bytes = mib.saturating_mul(1_048_576).saturating_add(rest);
    let sql = "SELECT COUNT(*) FROM registry_tags WHERE registry = $1 AND (repository = $2 OR (repository >= $3 AND repository < $4))";
    let tags = sqlx::query_scalar(sql).bind(registry).bind(prefix).bind(&from).bind(&to).fetch_one(&mut *connection).await?;
    Ok(Held { bytes, tags })
}

async fn add_blobs(connection: &mut AnyConnection, holding: Holding<'_>) -> Result<()> {
    for (blob, bytes) in holding.blobs {
        // Of what was not there when it was looked at, it is known later how large it is.
        let sql = "INSERT INTO registry_blobs (registry, repository, manifest, blob, bytes) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (registry, repository, manifest, blob) DO UPDATE SET bytes = excluded.bytes \
                   WHERE excluded.bytes > registry_blobs.bytes";
        let insert = sqlx::query(sql).bind(holding.registry).bind(holding.repository).bind(holding.manifest).bind(blob).bind(bytes);
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn set_tag(connection: &mut AnyConnection, registry: &str, repository: &str, tag: &str, digest: &str) -> Result<()> {
    let sql = "INSERT INTO registry_tags (registry, repository, tag, digest) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (registry, repository, tag) DO UPDATE SET digest = excluded.digest";
    sqlx::query(sql).bind(registry).bind(repository).bind(tag).bind(digest).execute(&mut *connection).await?;
    Ok(())
}

async fn drop_manifest(connection: &mut AnyConnection, registry: &str, repository: &str, digest: &str) -> Result<()> {
    for sql in [
        "DELETE FROM registry_blobs WHERE registry = $1 AND repository = $2 AND manifest = $3",
        "DELETE FROM registry_tags WHERE registry = $1 AND repository = $2 AND digest = $3",
    ] {
        sqlx::query(sql).bind(registry).bind(repository).bind(digest).execute(&mut *connection).await?;
    }
    Ok(())
}

impl Store {
    /// Names of registries, and their rules as JSON.
    pub async fn registry_rules(&self) -> Result<Vec<(String, String)>> {
        Ok(sqlx::query_as("SELECT registry, rules FROM registry_rules ORDER BY registry").fetch_all(&self.read).await?)
    }

    /// Puts rules in place. What is known of prefixes that are not among `counted` any more is forgotten; without any, all of it.
    pub async fn set_registry_rules(&self, registry: &str, rules: &str, counted: &[&str]) -> Result<()> {
        let mut tx = self.begin().await?;
        let sql = "INSERT INTO registry_rules (registry, rules) VALUES ($1, $2) ON CONFLICT (registry) DO UPDATE SET rules = excluded.rules";
        sqlx::query(sql).bind(registry).bind(rules).execute(&mut *tx).await?;
        let known: Vec<String> =
            sqlx::query_scalar("SELECT prefix FROM registry_counted WHERE registry = $1").bind(registry).fetch_all(&mut *tx).await?;
        for prefix in known.iter().filter(|prefix| !counted.contains(&prefix.as_str())) {
            sqlx::query("DELETE FROM registry_counted WHERE registry = $1 AND prefix = $2").bind(registry).bind(prefix).execute(&mut *tx).await?;
        }
        if counted.is_empty() {
            for sql in ["DELETE FROM registry_blobs WHERE registry = $1", "DELETE FROM registry_tags WHERE registry = $1"] {
                sqlx::query(sql).bind(registry).execute(&mut *tx).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// How much a prefix holds, as far as it is known.
    pub async fn held(&self, registry: &str, prefix: &str) -> Result<Held> {
        held(&mut *self.read.acquire().await?, registry, prefix).await
    }

    /// When prefixes were counted last.
    pub async fn counted(&self, registry: &str) -> Result<Vec<(String, i64)>> {
        Ok(sqlx::query_as("SELECT prefix, at FROM registry_counted WHERE registry = $1").bind(registry).fetch_all(&self.read).await?)
    }

    pub async fn set_counted(&self, registry: &str, prefix: &str, now: i64) -> Result<()> {
        let sql =
            "INSERT INTO registry_counted (registry, prefix, at) VALUES ($1, $2, $3) ON CONFLICT (registry, prefix) DO UPDATE SET at = excluded.at";
        sqlx::query(sql).bind(registry).bind(prefix).bind(now).execute(&self.write).await?;
        Ok(())
    }

    /// Lets a manifest count, if each of these bounds has room for it. What adds nothing to what is over its bound already is let in.
    pub async fn take_room(&self, holding: Holding<'_>, bounds: &[Bound]) -> Result<Room> {
        let Holding { registry, repository, manifest, tag, .. } = holding;
        let mut tx = self.begin().await?;
        let mut before = Vec::new();
        for bound in bounds {
            before.push(held(&mut tx, registry, &bound.prefix).await?);
        }
        let sql = "SELECT COUNT(*) FROM registry_blobs WHERE registry = $1 AND repository = $2 AND manifest = $3";
        let there: i64 = sqlx::query_scalar(sql).bind(registry).bind(repository).bind(manifest).fetch_one(&mut *tx).await?;
        add_blobs(&mut tx, holding).await?;
        let mut was = None;
        if let Some(tag) = tag {
            let sql = "SELECT digest FROM registry_tags WHERE registry = $1 AND repository = $2 AND tag = $3";
            was = sqlx::query_scalar(sql).bind(registry).bind(repository).bind(tag).fetch_optional(&mut *tx).await?;
            set_tag(&mut tx, registry, repository, tag, manifest).await?;
        }
        for (bound, before) in bounds.iter().zip(before) {
            let would = held(&mut tx, registry, &bound.prefix).await?;
            let over = |limit: Option<i64>, would: i64, before: i64| limit.is_some_and(|limit| would > limit && would > before);
            if over(bound.bytes, would.bytes, before.bytes) || over(bound.tags, would.tags, before.tags) {
                tx.rollback().await?;
                return Ok(Room::Missing { bound: bound.clone(), would });
            }
        }
        tx.commit().await?;
        Ok(Room::Taken { fresh: there == 0, tag: was })
    }

    /// Takes back what [`Store::take_room`] gave: the registry did not take the manifest.
    pub async fn give_room_back(&self, holding: Holding<'_>, fresh: bool, was: Option<&str>) -> Result<()> {
        let Holding { registry, repository, manifest, tag, .. } = holding;
        let mut tx = self.begin().await?;
        match (tag, was) {
            (Some(tag), Some(was)) => set_tag(&mut tx, registry, repository, tag, was).await?,
            (Some(tag), None) => {
                let sql = "DELETE FROM registry_tags WHERE registry = $1 AND repository = $2 AND tag = $3";
                sqlx::query(sql).bind(registry).bind(repository).bind(tag).execute(&mut *tx).await?;
            }
            (None, _) => {}
        }
        if fresh {
            drop_manifest(&mut tx, registry, repository, manifest).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Says that a tag or a manifest (with all tags that mean it) is gone.
    pub async fn forget_held(&self, registry: &str, repository: &str, reference: &str, is_digest: bool) -> Result<()> {
        let mut tx = self.begin().await?;
        if is_digest {
            drop_manifest(&mut tx, registry, repository, reference).await?;
        } else {
            let sql = "DELETE FROM registry_tags WHERE registry = $1 AND repository = $2 AND tag = $3";
            sqlx::query(sql).bind(registry).bind(repository).bind(reference).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The manifests of a repository that count, and how many bytes the smallest thing has that each takes up.
    pub async fn held_manifests(&self, registry: &str, repository: &str) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT manifest, MIN(bytes) FROM registry_blobs WHERE registry = $1 AND repository = $2 GROUP BY manifest ORDER BY manifest";
        Ok(sqlx::query_as(sql).bind(registry).bind(repository).fetch_all(&self.read).await?)
    }

    /// What a repository has already, as far as it is known: digests and bytes.
    pub async fn held_blobs(&self, registry: &str, repository: &str) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT blob, MAX(bytes) FROM registry_blobs WHERE registry = $1 AND repository = $2 GROUP BY blob";
        Ok(sqlx::query_as(sql).bind(registry).bind(repository).fetch_all(&self.read).await?)
    }

    /// The repositories under a prefix of which anything counts.
    pub async fn held_repositories(&self, registry: &str, prefix: &str) -> Result<Vec<String>> {
        let (from, to) = range(prefix);
        let sql = "SELECT repository FROM registry_blobs WHERE registry = $1 AND (repository = $2 OR (repository >= $3 AND repository < $4)) \
                   UNION SELECT repository FROM registry_tags WHERE registry = $1 AND (repository = $2 OR (repository >= $3 AND repository < $4)) \
                   ORDER BY repository";
        Ok(sqlx::query_scalar(sql).bind(registry).bind(prefix).bind(from).bind(to).fetch_all(&self.read).await?)
    }

    /// Lets manifests count that were found in a repository.
    pub async fn add_held(&self, registry: &str, repository: &str, manifests: &[(String, Vec<(String, i64)>)]) -> Result<()> {
        let mut tx = self.begin().await?;
        for (manifest, blobs) in manifests {
            add_blobs(&mut tx, Holding { registry, repository, manifest, tag: None, blobs }).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Says which tags a repository has, and what they mean. Others are gone.
    pub async fn set_held_tags(&self, registry: &str, repository: &str, tags: &[(String, String)]) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM registry_tags WHERE registry = $1 AND repository = $2").bind(registry).bind(repository).execute(&mut *tx).await?;
        for (tag, digest) in tags {
            set_tag(&mut tx, registry, repository, tag, digest).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_not_there_counts_once_it_is_and_no_sum_is_too_large() {
        let dir = std::env::temp_dir().join(format!("pilothouse-held-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let store = Store::open(&dir.join("test.db")).await.unwrap();
        let add = async |manifest: &str, blob: &str, bytes: i64| {
            store.add_held("reg", "x", &[(manifest.to_owned(), vec![(blob.to_owned(), bytes)])]).await.unwrap();
            store.held("reg", "").await.unwrap().bytes
        };
        assert_eq!([add("m", "a", 0).await, add("m", "a", 3_000_000).await, add("m", "a", 0).await], [0, 3_000_000, 3_000_000]);
        assert_eq!(store.held_manifests("reg", "x").await.unwrap(), [("m".to_owned(), 3_000_000)]);
        for blob in ["b", "c", "d", "e", "f", "g", "h", "i"] {
            add("m", blob, 1 << 60).await;
        }
        assert_eq!(add("n", "j", 1).await, i64::MAX);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
