-- The house's own authority, and the client certificates it has signed. A certificate's private key is handed out and never kept.

CREATE TABLE authority (
    one         SMALLINT PRIMARY KEY CHECK (one = 1),   -- there is one, or none yet
    name        TEXT NOT NULL,      -- what makes its subject differ from any other house's
    certificate TEXT NOT NULL,      -- PEM
    key         BLOB NOT NULL,      -- sealed; see server/src/seal.rs
    created_at  BIGINT NOT NULL
);

CREATE TABLE certificates (
    id           TEXT PRIMARY KEY,
    username     TEXT NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    engine       TEXT,              -- bound to this engine, if to any
    fingerprint  BLOB NOT NULL UNIQUE,  -- SHA-256 of the certificate
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT
);
