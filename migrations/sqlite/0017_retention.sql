-- Retention of what registries hold: rules, what they would let go, and runs that let it go.

CREATE TABLE retention_rules (
    id           TEXT PRIMARY KEY,
    registry     TEXT NOT NULL,
    prefix       TEXT NOT NULL,       -- a repository and those below it; empty for all
    keep         TEXT NOT NULL,       -- JSON, as the API has it
    schedule     TEXT NOT NULL,       -- JSON, as the API has it
    followed_at  BIGINT NOT NULL,     -- when the schedule was looked at last: what was due before is done
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    UNIQUE (registry, prefix)
);

CREATE TABLE retention_plans (
    id           TEXT PRIMARY KEY,
    registry     TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    rule         TEXT NOT NULL,
    made_at      BIGINT NOT NULL,
    made_by      TEXT NOT NULL,
    summary      TEXT NOT NULL,       -- JSON, as the API has it
    items        TEXT NOT NULL,       -- JSON, a list of what becomes of each tag
    run          TEXT                 -- what it was used for: once
);

CREATE INDEX retention_plans_by_registry ON retention_plans (registry, made_at);

CREATE TABLE retention_runs (
    id           TEXT PRIMARY KEY,
    registry     TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    plan         TEXT,
    started_at   BIGINT NOT NULL,
    touched_at   BIGINT NOT NULL,     -- when it was heard of last
    ended_at     BIGINT,
    started_by   TEXT,                -- NULL: its schedule
    state        TEXT NOT NULL,       -- running, done, stopped
    planned      BIGINT NOT NULL,     -- manifests
    gone         BIGINT NOT NULL,
    tags_gone    BIGINT NOT NULL,
    spared       BIGINT NOT NULL,
    failed       BIGINT NOT NULL,
    note         TEXT NOT NULL
);

CREATE INDEX retention_runs_by_registry ON retention_runs (registry, started_at);
