-- The first house: who is let in, what they may do, which engines there are, and what was done.
-- Times are milliseconds since the Unix epoch. Booleans are 0 or 1.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    username      TEXT PRIMARY KEY,
    password_hash TEXT,             -- argon2id, PHC string; NULL: no sign-in by password
    disabled      SMALLINT NOT NULL DEFAULT 0,
    created_at    BIGINT NOT NULL
);

CREATE TABLE grants (
    id         TEXT PRIMARY KEY,
    username   TEXT NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (username, role, scope)
);

-- Only the SHA-256 of a cookie or a token is kept: the thing itself is shown once.
CREATE TABLE sessions (
    id           TEXT PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE,
    username     TEXT NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,   -- absolute; idleness ends it earlier
    address      TEXT NOT NULL,
    client       TEXT NOT NULL
);

CREATE TABLE tokens (
    id           TEXT PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE,
    username     TEXT NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    engine       TEXT,              -- bound to this engine, if to any
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    hint         TEXT NOT NULL
);

CREATE TABLE engines (
    name       TEXT PRIMARY KEY,
    url        TEXT NOT NULL,
    labels     TEXT NOT NULL,       -- a JSON object of strings
    tls        BLOB,                -- sealed; see server/src/seal.rs
    created_at BIGINT NOT NULL
);

-- Failed sign-ins, by what they are counted for. In the database, so that a restart forgets nothing.
CREATE TABLE throttle (
    counter  TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at  BIGINT NOT NULL
);

CREATE TABLE audit (
    id          BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,
    username    TEXT NOT NULL,
    credential  TEXT NOT NULL,
    door        TEXT NOT NULL,
    address     TEXT NOT NULL,
    client      TEXT NOT NULL,
    target      TEXT NOT NULL,
    operation   TEXT NOT NULL,
    permission  TEXT NOT NULL,
    object      TEXT NOT NULL,
    decision    TEXT NOT NULL,      -- allowed, denied
    reason      TEXT NOT NULL,
    is_change   SMALLINT NOT NULL,
    outcome     TEXT NOT NULL,      -- open, ok, failed, denied, revoked, unknown
    status      INTEGER,
    bytes_in    BIGINT,
    bytes_out   BIGINT,
    duration_ms BIGINT
);

CREATE INDEX audit_by_user ON audit (username, id);
CREATE INDEX audit_by_target ON audit (target, id);
CREATE INDEX audit_changes ON audit (id) WHERE is_change = 1;
CREATE INDEX audit_open ON audit (id) WHERE outcome = 'open';
