-- Alerts: what of the trail somebody is told of at once. docs/alerts.md says how.

CREATE TABLE audit_alerts (
    id         TEXT PRIMARY KEY,
    name       TEXT     NOT NULL UNIQUE,
    query      TEXT     NOT NULL,
    scope      TEXT     NOT NULL,         -- `all`, labels of engines, or an engine
    times      BIGINT   NOT NULL,         -- so many records...
    minutes    BIGINT   NOT NULL,         -- ...within so long
    quiet      BIGINT   NOT NULL,         -- minutes in which it does not fire again
    webhook    TEXT     NOT NULL,         -- where it is, without its path; empty without one
    secret     BLOB,                      -- its whole address and its secret, sealed; see server/src/seal.rs
    mail       TEXT     NOT NULL,         -- addresses, a line each
    enabled    SMALLINT NOT NULL,
    created_at BIGINT   NOT NULL,
    created_by TEXT     NOT NULL,
    fired_at   BIGINT,                    -- last
    fired      BIGINT   NOT NULL DEFAULT 0, -- how many records it told of then
    sent_at    BIGINT,                    -- when somebody took one last
    error      TEXT     NOT NULL DEFAULT '', -- why somebody last did not
    error_at   BIGINT
);

-- How far an alert has read each writer's chain.
CREATE TABLE audit_alert_positions (
    alert  TEXT     NOT NULL REFERENCES audit_alerts (id) ON DELETE CASCADE,
    writer SMALLINT NOT NULL,
    seq    BIGINT   NOT NULL,
    PRIMARY KEY (alert, writer)
);

-- Records that fit, and are too few yet.
CREATE TABLE audit_alert_found (
    alert  TEXT   NOT NULL REFERENCES audit_alerts (id) ON DELETE CASCADE,
    record BIGINT NOT NULL,
    at     BIGINT NOT NULL,               -- of its intent, in ms
    known  BIGINT NOT NULL,               -- since when it fits
    PRIMARY KEY (alert, record)
);

-- What is to be told, and what was. It gathers until it goes out.
CREATE TABLE audit_alert_firings (
    id       TEXT   PRIMARY KEY,
    alert    TEXT   NOT NULL REFERENCES audit_alerts (id) ON DELETE CASCADE,
    records  BIGINT NOT NULL,             -- how many
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    ids      TEXT   NOT NULL,             -- of the first ten, with commas between them
    due_at   BIGINT NOT NULL,             -- not before
    body     TEXT   NOT NULL DEFAULT ''   -- JSON, once it goes out: the same each time that it is sent
);

-- Who has not taken it yet.
CREATE TABLE audit_alert_deliveries (
    firing  TEXT   NOT NULL REFERENCES audit_alert_firings (id) ON DELETE CASCADE,
    place   TEXT   NOT NULL,              -- `webhook`, or an address
    began   BIGINT NOT NULL,
    tries   BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (firing, place)
);

CREATE INDEX audit_alert_firings_by_alert ON audit_alert_firings (alert);
