-- Registries, and the key that signs what their clients show.

CREATE TABLE registries (
    name       TEXT PRIMARY KEY,
    settings   TEXT NOT NULL,       -- JSON: where it is and how it is spoken to, without a secret
    labels     TEXT NOT NULL,       -- JSON, an object of strings
    secret     BLOB,                -- sealed; NULL: it is asked without a credential
    created_at BIGINT NOT NULL
);

CREATE TABLE token_key (
    one        SMALLINT PRIMARY KEY CHECK (one = 1),
    private    BLOB NOT NULL,       -- Ed25519, sealed
    created_at BIGINT NOT NULL
);
