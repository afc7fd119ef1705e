-- What is known of images: what scanners found, and which index an image is part of.

CREATE TABLE scans (
    registry   TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C" NOT NULL,
    digest     TEXT COLLATE "C" NOT NULL,
    scanner    TEXT COLLATE "C" NOT NULL,
    format     TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    by_whom    TEXT COLLATE "C" NOT NULL,
    counts     TEXT COLLATE "C" NOT NULL,       -- JSON: how many of each severity
    complete   BIGINT NOT NULL,     -- 0: more was found than is in scan_findings
    report     BYTEA NOT NULL,       -- as it came, packed by gzip
    PRIMARY KEY (registry, repository, digest, scanner)
);
CREATE INDEX scans_at ON scans (at);
CREATE INDEX scans_place ON scans (registry, repository, at);

CREATE TABLE scan_findings (
    registry   TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C" NOT NULL,
    digest     TEXT COLLATE "C" NOT NULL,
    scanner    TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    severity   BIGINT NOT NULL,     -- 0 unknown to 4 critical
    package    TEXT COLLATE "C" NOT NULL,
    version    TEXT COLLATE "C" NOT NULL,
    fixed      TEXT COLLATE "C",
    title      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX scan_findings_image ON scan_findings (registry, repository, digest);
CREATE INDEX scan_findings_id ON scan_findings (id, registry, repository, digest);

CREATE TABLE index_members (
    registry   TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C" NOT NULL,
    member     TEXT COLLATE "C" NOT NULL,
    parent     TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (registry, repository, member, parent)
);
CREATE INDEX index_members_at ON index_members (at);
CREATE INDEX index_members_place ON index_members (registry, repository, at);
