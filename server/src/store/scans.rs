//! What scanners found in images, and which indexes an image is part of.

use super::{Flag, Result, Store};

/// How many reports are kept of one repository, of one registry and of all; the oldest go first, so that one does not take all the room.
const MOST: [i64; 3] = [5_000, 20_000, 50_000];
/// How many scanners' reports are kept of one image: their names are free.
pub const MOST_SCANNERS: i64 = 16;
/// How many holes of one image are read, the worst first.
pub const MOST_FINDINGS: usize = 20_000;
/// How long it is known that an index names an image, in milliseconds.
const MEMBERS_KEPT_MS: i64 = 90 * 24 * 3_600 * 1_000;
/// How many such facts are kept of one repository, of one registry and of all; the oldest go first.
const MOST_MEMBERS: [i64; 3] = [20_000, 40_000, 100_000];

/// An image in a registry.
#[derive(Clone, Debug, Eq, Hash, PartialEq, sqlx::FromRow)]
pub struct ImageKey {
    pub registry: String,
    pub repository: String,
    pub digest: String,
}

/// One scanner's newest report, without the report itself.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ScanRow {
    pub digest: String,
    pub scanner: String,
    pub format: String,
    pub at: i64,
    pub by_whom: String,
    /// JSON: how many of each severity.
    pub counts: String,
    #[sqlx(try_from = "Flag")]
    pub complete: bool,
}

/// A hole, where it was found.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FindingRow {
    pub registry: String,
    pub repository: String,
    pub digest: String,
    pub scanner: String,
    pub id: String,
    /// 0 unknown to 4 critical.
    pub severity: i64,
    pub package: String,
    pub version: String,
    pub fixed: Option<String>,
    pub title: String,
}

const FINDING: &str = "SELECT registry, repository, digest, scanner, id, severity, package, version, fixed, title FROM scan_findings";

/// Which rows of a table count together with one image's: those of its repository, those of its registry, all.
const NEIGHBOURS: [&str; 3] = ["registry = $1 AND repository = $2", "registry = $1 AND $2 <> ''", "$1 <> '' AND $2 <> ''"];

/// Deletes the oldest rows, where there are more than `most` of a repository, of a registry or of all. `what` is what is answered of each.
fn oldest(table: &str, most: [i64; 3], what: &str) -> [(String, i64); 3] {
    std::array::from_fn(|i| {
        let (near, most) = (NEIGHBOURS[i], most[i]);
        let first = format!("SELECT COALESCE(MIN(at), 0) FROM (SELECT at FROM {table} WHERE {near} ORDER BY at DESC LIMIT $3) AS kept");
        (format!("DELETE FROM {table} WHERE {near} AND at < ({first}) RETURNING {what}"), most)
    })
}

impl Store {
    /// Puts a report in the place of the one before by the same scanner. `report` is packed. False where there are [`MOST_SCANNERS`] others already.
    pub async fn put_scan(&self, image: &ImageKey, scan: &ScanRow, findings: &[FindingRow], report: &[u8]) -> Result<bool> {
        let mut tx = self.begin().await?;
        for table in ["scans", "scan_findings"] {
            let sql = format!("DELETE FROM {table} WHERE registry = $1 AND repository = $2 AND digest = $3 AND scanner = $4");
            let gone = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&image.registry).bind(&image.repository).bind(&image.digest).bind(&scan.scanner);
            gone.execute(&mut *tx).await?;
        }
        let sql = "SELECT COUNT(*) FROM scans WHERE registry = $1 AND repository = $2 AND digest = $3";
        let others = sqlx::query_scalar(sql).bind(&image.registry).bind(&image.repository).bind(&image.digest);
        let others: i64 = others.fetch_one(&mut *tx).await?;
        if others >= MOST_SCANNERS {
            return Ok(false);
        }
        let sql = "INSERT INTO scans (registry, repository, digest, scanner, format, at, by_whom, counts, complete, report) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        sqlx::query(sql)
            .bind(&image.registry)
            .bind(&image.repository)
            .bind(&image.digest)
            .bind(&scan.scanner)
            .bind(&scan.format)
            .bind(scan.at)
            .bind(&scan.by_whom)
            .bind(&scan.counts)
            .bind(i64::from(scan.complete))
            .bind(report)
            .execute(&mut *tx)
            .await?;
        for finding in findings {
            let sql = "INSERT INTO scan_findings (registry, repository, digest, scanner, id, severity, package, version, fixed, title) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
            sqlx::query(sql)
                .bind(&image.registry)
                .bind(&image.repository)
                .bind(&image.digest)
                .bind(&scan.scanner)
                .bind(&finding.id)
                .bind(finding.severity)
                .bind(&finding.package)
                .bind(&finding.version)
                .bind(finding.fixed.as_ref())
                .bind(&finding.title)
                .execute(&mut *tx)
                .await?;
        }
        for (sql, most) in oldest("scans", MOST, "registry, repository, digest, scanner") {
            let gone = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(&image.registry).bind(&image.repository).bind(most);
            let gone: Vec<(String, String, String, String)> = gone.fetch_all(&mut *tx).await?;
            for (registry, repository, digest, scanner) in gone {
                let sql = "DELETE FROM scan_findings WHERE registry = $1 AND repository = $2 AND digest = $3 AND scanner = $4";
                sqlx::query(sql).bind(registry).bind(repository).bind(digest).bind(scanner).execute(&mut *tx).await?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The reports on an image, by the scanners' names.
    pub async fn scans(&self, image: &ImageKey) -> Result<Vec<ScanRow>> {
        let sql = "SELECT digest, scanner, format, at, by_whom, counts, complete FROM scans \
                   WHERE registry = $1 AND repository = $2 AND digest = $3 ORDER BY scanner";
        Ok(sqlx::query_as(sql).bind(&image.registry).bind(&image.repository).bind(&image.digest).fetch_all(&self.read).await?)
    }

    /// The holes of an image from a severity on, the worst first, up to [`MOST_FINDINGS`].
    pub async fn findings(&self, image: &ImageKey, from: i64) -> Result<Vec<FindingRow>> {
        let sql = format!(
            "{FINDING} WHERE registry = $1 AND repository = $2 AND digest = $3 AND severity >= $4 ORDER BY severity DESC, id, package LIMIT $5"
        );
        let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(&image.registry).bind(&image.repository).bind(&image.digest);
        Ok(rows.bind(from).bind(MOST_FINDINGS as i64).fetch_all(&self.read).await?)
    }

    /// The images that have a hole, up to `most`, in the order of their names; those that come after `after`.
    pub async fn images_with(&self, id: &str, after: Option<&ImageKey>, most: u32) -> Result<Vec<ImageKey>> {
        let sql = "SELECT DISTINCT registry, repository, digest FROM scan_findings \
                   WHERE id = $1 AND (registry, repository, digest) > ($2, $3, $4) ORDER BY registry, repository, digest LIMIT $5";
        let part = |of: fn(&ImageKey) -> &str| after.map_or("", of);
        let rows = sqlx::query_as(sql).bind(id).bind(part(|key| &key.registry)).bind(part(|key| &key.repository)).bind(part(|key| &key.digest));
        Ok(rows.bind(i64::from(most)).fetch_all(&self.read).await?)
    }

    /// Where an image has a hole: the worst that is said of it.
    pub async fn finding_in(&self, id: &str, image: &ImageKey) -> Result<Option<FindingRow>> {
        let sql = format!("{FINDING} WHERE id = $1 AND registry = $2 AND repository = $3 AND digest = $4 ORDER BY severity DESC, package LIMIT 1");
        let row = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).bind(&image.registry).bind(&image.repository).bind(&image.digest);
        Ok(row.fetch_optional(&self.read).await?)
    }

    /// Keeps that an index names these images: what a digest names never changes.
    pub async fn add_index_members(&self, index: &ImageKey, members: &[String], now: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM index_members WHERE at < $1").bind(now - MEMBERS_KEPT_MS).execute(&mut *tx).await?;
        for member in members {
            let sql = "INSERT INTO index_members (registry, repository, member, parent, at) VALUES ($1, $2, $3, $4, $5) \
                       ON CONFLICT (registry, repository, member, parent) DO UPDATE SET at = excluded.at";
            let row = sqlx::query(sql).bind(&index.registry).bind(&index.repository).bind(member).bind(&index.digest).bind(now);
            row.execute(&mut *tx).await?;
        }
        for (sql, most) in oldest("index_members", MOST_MEMBERS, "at") {
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&index.registry).bind(&index.repository).bind(most).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The newest indexes that name an image, up to `most`.
    pub async fn indexes_of(&self, image: &ImageKey, most: u32) -> Result<Vec<String>> {
        let sql = "SELECT parent FROM index_members WHERE registry = $1 AND repository = $2 AND member = $3 ORDER BY at DESC, parent LIMIT $4";
        let found = sqlx::query_scalar(sql).bind(&image.registry).bind(&image.repository).bind(&image.digest).bind(i64::from(most));
        Ok(found.fetch_all(&self.read).await?)
    }

    /// The images that an index names, as far as that is known.
    pub async fn members_of(&self, index: &ImageKey) -> Result<Vec<String>> {
        let sql = "SELECT member FROM index_members WHERE registry = $1 AND repository = $2 AND parent = $3 ORDER BY member";
        Ok(sqlx::query_scalar(sql).bind(&index.registry).bind(&index.repository).bind(&index.digest).fetch_all(&self.read).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(repository: &str) -> ImageKey {
        ImageKey { registry: "r".to_owned(), repository: repository.to_owned(), digest: "d".to_owned() }
    }

    fn scan(scanner: &str) -> ScanRow {
        let text = |text: &str| text.to_owned();
        ScanRow { digest: text("d"), scanner: text(scanner), format: text("trivy"), at: 1, by_whom: text("ana"), counts: text("{}"), complete: true }
    }

    fn finding(image: &ImageKey, scanner: &str, package: &str, severity: i64) -> FindingRow {
        let ImageKey { registry, repository, digest } = image.clone();
        let (id, package, scanner) = ("CVE-1".to_owned(), package.to_owned(), scanner.to_owned());
        FindingRow { registry, repository, digest, scanner, id, severity, package, version: String::new(), fixed: None, title: String::new() }
    }

    async fn store(name: &str) -> (Store, std::path::PathBuf) {
        let dir = std::env::temp_dir().join(format!("ph-scans-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        (Store::open(&dir.join("test.db")).await.unwrap(), dir)
    }

    #[tokio::test]
    async fn an_image_has_so_many_scanners_and_is_found_once_by_a_hole() {
        let (store, dir) = store("holes").await;
        let (a, b) = (image("a"), image("b"));
        for number in 0..MOST_SCANNERS {
            let name = format!("s{number}");
            let found = [finding(&a, &name, "x", 1), finding(&a, &name, "y", 3)];
            assert!(store.put_scan(&a, &scan(&name), &found, b"").await.unwrap());
        }
        assert!(!store.put_scan(&a, &scan("one-more"), &[finding(&a, "one-more", "z", 4)], b"").await.unwrap());
        assert!(store.put_scan(&a, &scan("s0"), &[], b"").await.unwrap(), "in the place of its own");
        assert!(store.put_scan(&b, &scan("one-more"), &[finding(&b, "one-more", "x", 2)], b"").await.unwrap());
        assert_eq!(store.scans(&a).await.unwrap().len() as i64, MOST_SCANNERS);
        assert_eq!(store.findings(&a, 2).await.unwrap().len() as i64, MOST_SCANNERS - 1, "the worse one by each but one");

        assert_eq!(store.images_with("CVE-1", None, 1).await.unwrap(), [a.clone()]);
        assert_eq!(store.images_with("CVE-1", Some(&a), 9).await.unwrap(), [b.clone()]);
        assert_eq!(store.images_with("CVE-1", Some(&b), 9).await.unwrap(), []);
        assert_eq!(store.finding_in("CVE-1", &a).await.unwrap().map(|row| row.severity), Some(3));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[tokio::test]
    async fn who_sends_much_throws_out_their_own() {
        let (store, dir) = store("oldest").await;
        for (at, repository) in (1..).zip(["b", "a", "a", "a"]) {
            store.add_index_members(&image(repository), &[format!("m{at}")], at).await.unwrap();
        }
        let cut = async |most| {
            let mut tx = store.begin().await.unwrap();
            for (sql, most) in oldest("index_members", most, "at") {
                sqlx::query(sqlx::AssertSqlSafe(sql)).bind("r").bind("a").bind(most).execute(&mut *tx).await.unwrap();
            }
            tx.commit().await.unwrap();
            (store.members_of(&image("a")).await.unwrap(), store.members_of(&image("b")).await.unwrap())
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(cut([2, 9, 9]).await, (names(&["m3", "m4"]), names(&["m1"])));
        assert_eq!(cut([9, 2, 9]).await, (names(&["m3", "m4"]), names(&[])));
        assert_eq!(cut([9, 9, 1]).await, (names(&["m4"]), names(&[])));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
