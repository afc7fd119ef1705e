//! What scanners found in images, and which indexes an image is part of.

use super::{Flag, Result, Store};

/// How many reports are kept; the oldest go first.
const MOST: i64 = 50_000;
/// How long it is known that an index names an image, in milliseconds.
const MEMBERS_KEPT_MS: i64 = 90 * 24 * 3_600 * 1_000;

/// How many such facts are kept; the oldest go first.
const MOST_MEMBERS: i64 = 100_000;

/// An image in a registry.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
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

impl Store {
    /// Puts a report in the place of the one before by the same scanner. `report` is packed.
    pub async fn put_scan(&self, image: &ImageKey, scan: &ScanRow, findings: &[FindingRow], report: &[u8]) -> Result<()> {
        let mut tx = self.begin().await?;
        for table in ["scans", "scan_findings"] {
            let sql = format!("DELETE FROM {table} WHERE registry = $1 AND repository = $2 AND digest = $3 AND scanner = $4");
            let gone = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&image.registry).bind(&image.repository).bind(&image.digest).bind(&scan.scanner);
            gone.execute(&mut *tx).await?;
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
        let sql = "DELETE FROM scans WHERE at < (SELECT COALESCE(MIN(at), 0) FROM (SELECT at FROM scans ORDER BY at DESC LIMIT $1) AS kept)";
        if sqlx::query(sql).bind(MOST).execute(&mut *tx).await?.rows_affected() > 0 {
            let sql = "DELETE FROM scan_findings WHERE NOT EXISTS (SELECT 1 FROM scans s WHERE s.registry = scan_findings.registry \
                       AND s.repository = scan_findings.repository AND s.digest = scan_findings.digest AND s.scanner = scan_findings.scanner)";
            sqlx::query(sql).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The reports on an image, by the scanners' names.
    pub async fn scans(&self, image: &ImageKey) -> Result<Vec<ScanRow>> {
        let sql = "SELECT digest, scanner, format, at, by_whom, counts, complete FROM scans \
                   WHERE registry = $1 AND repository = $2 AND digest = $3 ORDER BY scanner";
        Ok(sqlx::query_as(sql).bind(&image.registry).bind(&image.repository).bind(&image.digest).fetch_all(&self.read).await?)
    }

    /// The holes of an image, the worst first.
    pub async fn findings(&self, image: &ImageKey) -> Result<Vec<FindingRow>> {
        let sql = format!("{FINDING} WHERE registry = $1 AND repository = $2 AND digest = $3 ORDER BY severity DESC, id, package");
        let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(&image.registry).bind(&image.repository).bind(&image.digest);
        Ok(rows.fetch_all(&self.read).await?)
    }

    /// Where a hole is, up to `most` of it.
    pub async fn findings_of(&self, id: &str, most: u32) -> Result<Vec<FindingRow>> {
        let sql = format!("{FINDING} WHERE id = $1 ORDER BY registry, repository, digest, package LIMIT $2");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).bind(i64::from(most)).fetch_all(&self.read).await?)
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
        let sql = "DELETE FROM index_members WHERE at < \
                   (SELECT COALESCE(MIN(at), 0) FROM (SELECT at FROM index_members ORDER BY at DESC LIMIT $1) AS kept)";
        sqlx::query(sql).bind(MOST_MEMBERS).execute(&mut *tx).await?;
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
