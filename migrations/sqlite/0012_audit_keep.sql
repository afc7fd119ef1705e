-- How long records are kept, and what is kept in any case.

CREATE TABLE audit_rules (
    id         TEXT PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    query      TEXT   NOT NULL,
    days       BIGINT,              -- kept for so long; NULL: held, whatever other rules say
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL
);

-- Files to which the chain was copied, in their order.
CREATE TABLE audit_archives (
    file       TEXT   NOT NULL,
    writer     SMALLINT NOT NULL,
    seq        BIGINT NOT NULL,     -- the last entry of the writer in it
    checkpoint BIGINT NOT NULL,     -- the last checkpoint in it
    created_at BIGINT NOT NULL,
    PRIMARY KEY (file, writer)
);

CREATE INDEX audit_chain_by_record ON audit_chain (id);
