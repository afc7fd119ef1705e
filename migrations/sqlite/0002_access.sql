-- Teams, robots, roles of one's own, grants to teams and for a time; which grant allowed what.

-- A robot is an account of a machine: it has tokens, and neither a password nor a session.
ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'user';     -- user, robot
-- What the settings file declares is written anew at each start, and can be changed nowhere else.
ALTER TABLE users ADD COLUMN declared SMALLINT NOT NULL DEFAULT 0;

CREATE TABLE teams (
    name       TEXT PRIMARY KEY,
    summary    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    declared   SMALLINT NOT NULL DEFAULT 0
);

CREATE TABLE team_members (
    team     TEXT NOT NULL REFERENCES teams (name) ON DELETE CASCADE,
    username TEXT NOT NULL REFERENCES users (username) ON DELETE CASCADE,
    source   TEXT NOT NULL DEFAULT '',  -- who says so: '' somebody here, 'settings' the file, else the provider of this name
    PRIMARY KEY (team, username, source)
);

CREATE INDEX team_members_by_user ON team_members (username);

CREATE TABLE roles (
    name        TEXT PRIMARY KEY,
    summary     TEXT NOT NULL,
    permissions TEXT NOT NULL,          -- a JSON array of names
    created_at  BIGINT NOT NULL,
    declared    SMALLINT NOT NULL DEFAULT 0
);

CREATE TABLE new_grants (
    id         TEXT PRIMARY KEY,
    username   TEXT REFERENCES users (username) ON DELETE CASCADE,
    team       TEXT REFERENCES teams (name) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    until      BIGINT,                  -- it ends by itself at this time
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    declared   SMALLINT NOT NULL DEFAULT 0,
    CHECK ((username IS NULL) <> (team IS NULL))
);

INSERT INTO new_grants (id, username, role, scope, created_at, created_by)
SELECT id, username, role, scope, created_at, created_by FROM grants;

DROP TABLE grants;

ALTER TABLE new_grants RENAME TO grants;

CREATE UNIQUE INDEX grants_once ON grants (COALESCE(username, ''), COALESCE(team, ''), role, scope);

-- With whose eyes a session looks, if not with its own.
ALTER TABLE sessions ADD COLUMN viewing_as TEXT REFERENCES users (username) ON DELETE CASCADE;

-- Which grant allowed it, and who looked when it was done with another one's rights.
ALTER TABLE audit ADD COLUMN grant_id TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN viewer TEXT NOT NULL DEFAULT '';

CREATE INDEX audit_by_grant ON audit (grant_id, id) WHERE grant_id <> '';
