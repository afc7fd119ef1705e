-- Looking for records: an index for each field that one looks by, the words of a record, and counts by the hour.

CREATE INDEX audit_by_permission ON audit (permission, id);
CREATE INDEX audit_by_operation  ON audit (operation, id);
CREATE INDEX audit_by_credential ON audit (credential, id);
CREATE INDEX audit_by_address    ON audit (address, id);
CREATE INDEX audit_by_object     ON audit (object, id);
CREATE INDEX audit_by_name       ON audit (object_name, id) WHERE object_name <> '';
CREATE INDEX audit_by_object_id  ON audit (object_id, id)   WHERE object_id <> '';
CREATE INDEX audit_by_team       ON audit (team, id)        WHERE team <> '';
CREATE INDEX audit_by_outcome    ON audit (outcome, id)     WHERE outcome <> 'ok';

-- What an intent says, by its words.
CREATE TABLE audit_words (
    rowid BIGINT PRIMARY KEY,
    text  TEXT COLLATE "C" NOT NULL
);

CREATE INDEX audit_by_words ON audit_words USING gin (to_tsvector('simple', text));

-- How many records ended in an hour, for counts over the whole trail.
CREATE TABLE audit_hours (
    hour       BIGINT   NOT NULL,   -- of its beginning, in ms
    username   TEXT COLLATE "C"     NOT NULL,
    target     TEXT COLLATE "C"     NOT NULL,
    permission TEXT COLLATE "C"     NOT NULL,
    outcome    TEXT COLLATE "C"     NOT NULL,
    is_change  SMALLINT NOT NULL,
    records    BIGINT   NOT NULL,
    PRIMARY KEY (hour, username, target, permission, outcome, is_change)
);

-- Searches that somebody keeps.
CREATE TABLE audit_views (
    id         TEXT COLLATE "C" PRIMARY KEY,
    username   TEXT COLLATE "C"   NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    name       TEXT COLLATE "C"   NOT NULL,
    query      TEXT COLLATE "C"   NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (username, name)
);
