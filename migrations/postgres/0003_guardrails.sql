-- Guardrails: rules on what a workload may ask for, and what they did not allow.

CREATE TABLE guardrails (
    id         TEXT COLLATE "C" PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL UNIQUE,
    mode       TEXT COLLATE "C" NOT NULL,       -- enforce, warn
    scope      TEXT COLLATE "C" NOT NULL,
    roles      TEXT COLLATE "C" NOT NULL,       -- a JSON array of role names; empty: everybody
    rule       TEXT COLLATE "C" NOT NULL,       -- a JSON object, by its kind
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    declared   SMALLINT NOT NULL DEFAULT 0
);

CREATE TABLE guardrail_hits (
    id        BIGINT PRIMARY KEY,
    at        BIGINT NOT NULL,
    guardrail TEXT COLLATE "C" NOT NULL REFERENCES guardrails (id) ON DELETE CASCADE,
    username  TEXT COLLATE "C" NOT NULL,
    target    TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    object    TEXT COLLATE "C" NOT NULL,
    sentence  TEXT COLLATE "C" NOT NULL,
    stopped   SMALLINT NOT NULL
);

CREATE INDEX guardrail_hits_by_guardrail ON guardrail_hits (guardrail, id);
CREATE INDEX guardrail_hits_by_time ON guardrail_hits (at);
