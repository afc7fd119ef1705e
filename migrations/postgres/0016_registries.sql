-- Registries, and the key that signs what their clients show.

CREATE TABLE registries (
    name       TEXT COLLATE "C" PRIMARY KEY,
    settings   TEXT COLLATE "C" NOT NULL,       -- JSON: where it is and how it is spoken to, without a secret
    labels     TEXT COLLATE "C" NOT NULL,       -- JSON, an object of strings
    secret     BYTEA,                           -- sealed; NULL: it is asked without a credential
    created_at BIGINT NOT NULL
);

CREATE TABLE token_key (
    one        SMALLINT PRIMARY KEY CHECK (one = 1),
    private    BYTEA NOT NULL,                  -- Ed25519, sealed
    created_at BIGINT NOT NULL
);

CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON registries FOR EACH STATEMENT EXECUTE FUNCTION pilothouse_tell();
