-- The first house: who is let in, what they may do, which engines there are, and what was done.
-- Times are milliseconds since the Unix epoch. Booleans are 0 or 1.

CREATE TABLE meta (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE users (
    username      TEXT COLLATE "C" PRIMARY KEY,
    password_hash TEXT COLLATE "C",             -- argon2id, PHC string; NULL: no sign-in by password
    disabled      SMALLINT NOT NULL DEFAULT 0,
    created_at    BIGINT NOT NULL
);

CREATE TABLE grants (
    id         TEXT COLLATE "C" PRIMARY KEY,
    username   TEXT COLLATE "C" NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    role       TEXT COLLATE "C" NOT NULL,
    scope      TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    UNIQUE (username, role, scope)
);

-- Only the SHA-256 of a cookie or a token is kept: the thing itself is shown once.
CREATE TABLE sessions (
    id           TEXT COLLATE "C" PRIMARY KEY,
    hash         BYTEA NOT NULL UNIQUE,
    username     TEXT COLLATE "C" NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,   -- absolute; idleness ends it earlier
    address      TEXT COLLATE "C" NOT NULL,
    client       TEXT COLLATE "C" NOT NULL
);

CREATE TABLE tokens (
    id           TEXT COLLATE "C" PRIMARY KEY,
    hash         BYTEA NOT NULL UNIQUE,
    username     TEXT COLLATE "C" NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    name         TEXT COLLATE "C" NOT NULL,
    engine       TEXT COLLATE "C",              -- bound to this engine, if to any
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    hint         TEXT COLLATE "C" NOT NULL
);

CREATE TABLE engines (
    name       TEXT COLLATE "C" PRIMARY KEY,
    url        TEXT COLLATE "C" NOT NULL,
    labels     TEXT COLLATE "C" NOT NULL,       -- a JSON object of strings
    tls        BYTEA,                -- sealed; see server/src/seal.rs
    created_at BIGINT NOT NULL
);

-- Failed sign-ins, by what they are counted for. In the database, so that a restart forgets nothing.
CREATE TABLE throttle (
    counter  TEXT COLLATE "C" PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at  BIGINT NOT NULL
);

CREATE TABLE audit (
    id          BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,
    username    TEXT COLLATE "C" NOT NULL,
    credential  TEXT COLLATE "C" NOT NULL,
    door        TEXT COLLATE "C" NOT NULL,
    address     TEXT COLLATE "C" NOT NULL,
    client      TEXT COLLATE "C" NOT NULL,
    target      TEXT COLLATE "C" NOT NULL,
    operation   TEXT COLLATE "C" NOT NULL,
    permission  TEXT COLLATE "C" NOT NULL,
    object      TEXT COLLATE "C" NOT NULL,
    decision    TEXT COLLATE "C" NOT NULL,      -- allowed, denied
    reason      TEXT COLLATE "C" NOT NULL,
    is_change   SMALLINT NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL,      -- open, ok, failed, denied, revoked, unknown
    status      INTEGER,
    bytes_in    BIGINT,
    bytes_out   BIGINT,
    duration_ms BIGINT
);

CREATE INDEX audit_by_user ON audit (username, id);
CREATE INDEX audit_by_target ON audit (target, id);
CREATE INDEX audit_changes ON audit (id) WHERE is_change = 1;
CREATE INDEX audit_open ON audit (id) WHERE outcome = 'open';
