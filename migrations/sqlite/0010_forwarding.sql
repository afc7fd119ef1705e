-- How far the trail is forwarded to each place outside. docs/forwarding.md says how.

CREATE TABLE audit_cursors (
    sink    TEXT     NOT NULL,            -- as the settings name it
    writer  SMALLINT NOT NULL,            -- whose entries; 0 for the checkpoints, which are counted by their number
    seq     BIGINT   NOT NULL,            -- the last entry that the place has taken
    sending BIGINT   NOT NULL,            -- the last entry of what is on its way: it goes again in the same piece after a crash
    began   BIGINT   NOT NULL DEFAULT 0,  -- the entry behind which the place begins
    PRIMARY KEY (sink, writer)
);
