-- The trail as a chain: every stage of a record is an entry that takes in the hash of the entry before it. docs/audit.md says how.

ALTER TABLE audit ADD COLUMN team       TEXT NOT NULL DEFAULT '';  -- through which the grant is held
-- What the object is called and its id, where they are known and not what it was called by.
ALTER TABLE audit ADD COLUMN object_name TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN object_id   TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN started_at BIGINT;                    -- of a stream
ALTER TABLE audit ADD COLUMN ended_at   BIGINT;
ALTER TABLE audit ADD COLUMN note       TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN made       TEXT NOT NULL DEFAULT '';  -- the id of what it made
ALTER TABLE audit ADD COLUMN changes    TEXT NOT NULL DEFAULT '';  -- JSON: [{"after","before","field"}]

CREATE TABLE audit_chain (
    writer SMALLINT NOT NULL,
    seq    BIGINT   NOT NULL,       -- 1, 2, 3, ... of this writer, without a gap
    id     BIGINT   NOT NULL,       -- the record
    stage  SMALLINT NOT NULL,       -- 1 intent, 2 started, 3 ended
    hash   BLOB     NOT NULL,       -- SHA-256 of the hash before and the entry's digest
    digest BLOB,                    -- SHA-256 of the entry, once the record itself is gone
    PRIMARY KEY (writer, seq)
) WITHOUT ROWID;

CREATE TABLE audit_checkpoints (
    n         BIGINT PRIMARY KEY,   -- 1, 2, 3, ... without a gap
    at        BIGINT NOT NULL,
    body      TEXT   NOT NULL,      -- JSON, as it was signed
    signature BLOB   NOT NULL
);

-- The key that signs checkpoints.
CREATE TABLE audit_key (
    one        SMALLINT PRIMARY KEY CHECK (one = 1),
    public     BLOB   NOT NULL,
    private    BLOB   NOT NULL,     -- sealed; see server/src/seal.rs
    created_at BIGINT NOT NULL
);
