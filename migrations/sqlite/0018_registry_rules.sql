-- What registries are bound by, what prefixes with a quota hold, and who is told of what changes there.

CREATE TABLE registry_rules (
    registry   TEXT PRIMARY KEY,
    rules      TEXT NOT NULL        -- JSON: tags that stay, quotas, limits
);

-- What manifests name, of repositories that a quota is for: the manifest itself, its config, its layers.
CREATE TABLE registry_blobs (
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    manifest   TEXT NOT NULL,       -- the digest of what names it
    blob       TEXT NOT NULL,       -- its own digest
    bytes      BIGINT NOT NULL,
    PRIMARY KEY (registry, repository, manifest, blob)
);

CREATE TABLE registry_tags (
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    tag        TEXT NOT NULL,
    digest     TEXT NOT NULL,
    PRIMARY KEY (registry, repository, tag)
);

CREATE TABLE registry_counted (
    registry   TEXT NOT NULL,
    prefix     TEXT NOT NULL,
    at         BIGINT NOT NULL,     -- when all of it was counted last
    PRIMARY KEY (registry, prefix)
);

CREATE TABLE registry_hooks (
    id         TEXT PRIMARY KEY,
    registry   TEXT NOT NULL,
    name       TEXT NOT NULL,
    prefix     TEXT NOT NULL,       -- empty: all of the registry
    events     TEXT NOT NULL,       -- JSON, an array of push, tag, delete
    webhook    TEXT NOT NULL,       -- where it is, without the path
    secret     BLOB NOT NULL,       -- the whole address and the secret, sealed
    enabled    SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (registry, name)
);
