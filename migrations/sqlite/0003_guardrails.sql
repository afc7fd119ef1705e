-- Guardrails: rules on what a workload may ask for, and what they did not allow.

CREATE TABLE guardrails (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    mode       TEXT NOT NULL,       -- enforce, warn
    scope      TEXT NOT NULL,
    roles      TEXT NOT NULL,       -- a JSON array of role names; empty: everybody
    rule       TEXT NOT NULL,       -- a JSON object, by its kind
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    declared   SMALLINT NOT NULL DEFAULT 0
);

CREATE TABLE guardrail_hits (
    id        BIGINT PRIMARY KEY,
    at        BIGINT NOT NULL,
    guardrail TEXT NOT NULL REFERENCES guardrails (id) ON DELETE CASCADE,
    username  TEXT NOT NULL,
    target    TEXT NOT NULL,
    operation TEXT NOT NULL,
    object    TEXT NOT NULL,
    sentence  TEXT NOT NULL,
    stopped   SMALLINT NOT NULL
);

CREATE INDEX guardrail_hits_by_guardrail ON guardrail_hits (guardrail, id);
CREATE INDEX guardrail_hits_by_time ON guardrail_hits (at);
