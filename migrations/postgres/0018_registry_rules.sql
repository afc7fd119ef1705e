-- What registries are bound by, what prefixes with a quota hold, and who is told of what changes there.

CREATE TABLE registry_rules (
    registry   TEXT COLLATE "C" PRIMARY KEY,
    rules      TEXT COLLATE "C" NOT NULL    -- JSON: tags that stay, quotas, limits
);

-- What manifests name, of repositories that a quota is for: the manifest itself, its config, its layers.
CREATE TABLE registry_blobs (
    registry   TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C" NOT NULL,
    manifest   TEXT COLLATE "C" NOT NULL,   -- the digest of what names it
    blob       TEXT COLLATE "C" NOT NULL,   -- its own digest
    bytes      BIGINT NOT NULL,
    PRIMARY KEY (registry, repository, manifest, blob)
);

CREATE TABLE registry_tags (
    registry   TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C" NOT NULL,
    tag        TEXT COLLATE "C" NOT NULL,
    digest     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (registry, repository, tag)
);

CREATE TABLE registry_counted (
    registry   TEXT COLLATE "C" NOT NULL,
    prefix     TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,             -- when all of it was counted last
    PRIMARY KEY (registry, prefix)
);

CREATE TABLE registry_hooks (
    id         TEXT COLLATE "C" PRIMARY KEY,
    registry   TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    prefix     TEXT COLLATE "C" NOT NULL,   -- empty: all of the registry
    events     TEXT COLLATE "C" NOT NULL,   -- JSON, an array of push, tag, delete
    webhook    TEXT COLLATE "C" NOT NULL,   -- where it is, without the path
    secret     BYTEA NOT NULL,              -- the whole address and the secret, sealed
    enabled    SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    UNIQUE (registry, name)
);

CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON registry_rules FOR EACH STATEMENT EXECUTE FUNCTION pilothouse_tell();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON registry_hooks FOR EACH STATEMENT EXECUTE FUNCTION pilothouse_tell();
