-- Second factors: what else than a password proves who signs in.

CREATE TABLE factors (
    id           TEXT PRIMARY KEY,
    username     TEXT NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    kind         TEXT NOT NULL,              -- totp, passkey
    name         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    secret       BLOB,                       -- totp: sealed
    counter      BIGINT NOT NULL DEFAULT 0,  -- totp: the last 30 s that a code was taken of; passkey: its count of signatures
    credential   BLOB UNIQUE,                -- passkey: the id that its authenticator gave it
    public_key   BLOB,                       -- passkey: as a COSE key
    user_handle  BLOB                        -- passkey: by what authenticators know its user
);

CREATE INDEX factors_by_user ON factors (username);

-- Only the SHA-256 of a recovery code is kept: each has 80 random bits, is shown once, and works once.
CREATE TABLE recovery_codes (
    hash     BLOB PRIMARY KEY,
    username TEXT NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    used_at  BIGINT
);

CREATE INDEX recovery_codes_by_user ON recovery_codes (username);

-- The roles that ask for a second factor.
CREATE TABLE factor_rules (
    role   TEXT PRIMARY KEY,
    tokens SMALLINT NOT NULL   -- 1: tokens of those without a factor do not work either
);

-- How a session was proved besides the password, and when last: '' (not at all), totp, recovery, passkey, oidc.
ALTER TABLE sessions ADD COLUMN factor TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN factor_at BIGINT NOT NULL DEFAULT 0;
