-- Who there is. Every table of this schema has its centre (tenant).

CREATE TABLE centres (
    id        text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    name      text NOT NULL,
    time_zone text NOT NULL                                     -- IANA name, for what people read
);

CREATE TABLE units (
    centre      text COLLATE "C" NOT NULL REFERENCES centres (id),
    id          text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    name        text NOT NULL,
    kind        text NOT NULL,
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (centre, id)
);
