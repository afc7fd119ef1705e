-- Whose something on an engine is where no label of its own says so: who pulled an image or gave it a name, who mounted a volume.

CREATE TABLE claims (
    engine  TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('image', 'image_name', 'volume')),
    called  TEXT NOT NULL,      -- the id of the image, or the name
    project TEXT NOT NULL,
    PRIMARY KEY (engine, kind, called, project)
);
