-- Whose something on an engine is where no label of its own says so: who pulled an image or gave it a name, who mounted a volume.

CREATE TABLE claims (
    engine  TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL CHECK (kind IN ('image', 'image_name', 'volume')),
    called  TEXT COLLATE "C" NOT NULL,      -- the id of the image, or the name
    project TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (engine, kind, called, project)
);
