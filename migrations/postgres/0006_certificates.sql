-- The house's own authority, and the client certificates it has signed. A certificate's private key is handed out and never kept.

CREATE TABLE authority (
    one         SMALLINT PRIMARY KEY CHECK (one = 1),   -- there is one, or none yet
    name        TEXT COLLATE "C" NOT NULL,      -- what makes its subject differ from any other house's
    certificate TEXT COLLATE "C" NOT NULL,      -- PEM
    key         BYTEA NOT NULL,      -- sealed; see server/src/seal.rs
    created_at  BIGINT NOT NULL
);

CREATE TABLE certificates (
    id           TEXT COLLATE "C" PRIMARY KEY,
    username     TEXT COLLATE "C" NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    name         TEXT COLLATE "C" NOT NULL,
    engine       TEXT COLLATE "C",              -- bound to this engine, if to any
    fingerprint  BYTEA NOT NULL UNIQUE,  -- SHA-256 of the certificate
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT
);
