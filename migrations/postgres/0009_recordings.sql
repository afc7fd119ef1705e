-- What passed through terminals: recordings of sessions, and the rules that say which are kept. docs/recordings.md says how.

ALTER TABLE audit ADD COLUMN recording TEXT COLLATE "C" NOT NULL DEFAULT '';   -- the digest of the session's recording, hexadecimal

CREATE TABLE recordings (
    id         BIGINT   PRIMARY KEY,         -- the id of the audit record of the session
    engine     TEXT COLLATE "C"     NOT NULL,
    object     TEXT COLLATE "C"     NOT NULL,            -- the container's name
    object_id  TEXT COLLATE "C"     NOT NULL,
    operation  TEXT COLLATE "C"     NOT NULL,
    door       TEXT COLLATE "C"     NOT NULL,
    username   TEXT COLLATE "C"     NOT NULL,
    started_at BIGINT   NOT NULL,
    kept_at    BIGINT   NOT NULL,            -- when the last part of it was written
    ended_at   BIGINT,
    width      INTEGER  NOT NULL,
    height     INTEGER  NOT NULL,
    tty        SMALLINT NOT NULL,
    input      SMALLINT NOT NULL,            -- whether what was typed is in it
    strict     SMALLINT NOT NULL,
    rule       TEXT COLLATE "C"     NOT NULL,            -- the scope of the rule that asked for it; empty without one
    bytes      BIGINT   NOT NULL DEFAULT 0,  -- of its text
    chunks     INTEGER  NOT NULL DEFAULT 0,
    lost       BIGINT   NOT NULL DEFAULT 0,  -- bytes that passed and are not in it
    digest     TEXT COLLATE "C"     NOT NULL DEFAULT '', -- SHA-256 of its text, hexadecimal; empty while it runs, and after a crash
    cut        SMALLINT NOT NULL DEFAULT 0   -- Pilothouse ended before it did
);

CREATE INDEX recordings_running ON recordings (id) WHERE ended_at IS NULL;

CREATE TABLE recording_chunks (
    recording BIGINT  NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    n         INTEGER NOT NULL,              -- 0, 1, 2, ... without a gap
    sealed    BYTEA    NOT NULL,              -- whole lines of asciicast, gzip, sealed; see server/src/seal.rs
    PRIMARY KEY (recording, n)
);

CREATE TABLE recording_rules (
    id         TEXT COLLATE "C"     PRIMARY KEY,
    scope      TEXT COLLATE "C"     NOT NULL UNIQUE,
    record     TEXT COLLATE "C"     NOT NULL,            -- always, never
    strict     SMALLINT NOT NULL,
    input      SMALLINT NOT NULL,
    created_at BIGINT   NOT NULL,
    created_by TEXT COLLATE "C"     NOT NULL
);
