-- What is known of images: what scanners found, and which index an image is part of.

CREATE TABLE scans (
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    scanner    TEXT NOT NULL,
    format     TEXT NOT NULL,
    at         BIGINT NOT NULL,
    by_whom    TEXT NOT NULL,
    counts     TEXT NOT NULL,       -- JSON: how many of each severity
    complete   BIGINT NOT NULL,     -- 0: more was found than is in scan_findings
    report     BLOB NOT NULL,       -- as it came, packed by gzip
    PRIMARY KEY (registry, repository, digest, scanner)
);
CREATE INDEX scans_at ON scans (at);
CREATE INDEX scans_place ON scans (registry, repository, at);

CREATE TABLE scan_findings (
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    scanner    TEXT NOT NULL,
    id         TEXT NOT NULL,
    severity   BIGINT NOT NULL,     -- 0 unknown to 4 critical
    package    TEXT NOT NULL,
    version    TEXT NOT NULL,
    fixed      TEXT,
    title      TEXT NOT NULL
);
CREATE INDEX scan_findings_image ON scan_findings (registry, repository, digest);
CREATE INDEX scan_findings_id ON scan_findings (id, registry, repository, digest);

CREATE TABLE index_members (
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    member     TEXT NOT NULL,
    parent     TEXT NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (registry, repository, member, parent)
);
CREATE INDEX index_members_at ON index_members (at);
CREATE INDEX index_members_place ON index_members (registry, repository, at);
