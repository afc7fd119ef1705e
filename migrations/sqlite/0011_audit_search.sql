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

-- What an intent says, by its words. It has no text of its own: the record has it.
CREATE VIRTUAL TABLE audit_words USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61', detail = full);

-- How many records ended in an hour, for counts over the whole trail.
CREATE TABLE audit_hours (
    hour       BIGINT   NOT NULL,   -- of its beginning, in ms
    username   TEXT     NOT NULL,
    target     TEXT     NOT NULL,
    permission TEXT     NOT NULL,
    outcome    TEXT     NOT NULL,
    is_change  SMALLINT NOT NULL,
    records    BIGINT   NOT NULL,
    PRIMARY KEY (hour, username, target, permission, outcome, is_change)
) WITHOUT ROWID;

-- Searches that somebody keeps.
CREATE TABLE audit_views (
    id         TEXT PRIMARY KEY,
    username   TEXT   NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    name       TEXT   NOT NULL,
    query      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (username, name)
);
