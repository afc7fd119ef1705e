-- Who else may say who somebody is: sign-in providers, and the people they have sent.

CREATE TABLE providers (
    name       TEXT PRIMARY KEY,
    settings   TEXT NOT NULL,       -- a JSON object; see `ProviderSettings` in app/src/api/providers.rs
    secret     BLOB,                -- sealed; see server/src/seal.rs
    created_at BIGINT NOT NULL
);

-- A person is known by who speaks for them and by what that calls them, never by a name or an e-mail address.
CREATE TABLE identities (
    issuer     TEXT NOT NULL,       -- the issuer's address, or ldap:NAME
    subject    TEXT NOT NULL,
    provider   TEXT NOT NULL,       -- the provider they came by last
    username   TEXT NOT NULL UNIQUE REFERENCES users (username) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,     -- their last sign-in
    checked_at BIGINT NOT NULL,     -- when the provider last stood by them
    refresh    BLOB,                -- what to ask the provider again with; sealed
    gone       SMALLINT NOT NULL,   -- 1: the provider does not stand by them any more, and they may nothing
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX identities_by_check ON identities (checked_at) WHERE gone = 0;
