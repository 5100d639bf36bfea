-- Roads that are closed or slow for a while, and what was learned of speeds.

CREATE TABLE closures (
    centre    text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    reason    text NOT NULL,                                    -- flood, broken bridge, procession, ...
    starts_at timestamptz NOT NULL,                             -- holds from here on
    ends_at   timestamptz,                                      -- and not any more from here on; NULL: until somebody ends it
    factor    double precision CHECK (factor >= 1),             -- driving takes so many times as long; NULL: closed
    area      double precision[] NOT NULL,                      -- latitude, longitude of each corner of a polygon; '{}': none
    line      double precision[] NOT NULL,                      -- latitude, longitude of each point along a road; '{}': none
    ways      bigint[] NOT NULL,                                -- ids of the map's ways; '{}': none
    made_at   timestamptz NOT NULL,
    ended_at  timestamptz,                                      -- somebody ended it, or took it back before it began
    PRIMARY KEY (centre, id),
    CHECK (ends_at > starts_at)
);
CREATE INDEX closures_open ON closures (centre, starts_at) WHERE ended_at IS NULL;

-- Every model that arrival times were made by; the newest is in use. Its factors of ways go by the map's ids, so it holds
-- for a newer extract of the same region too.
CREATE TABLE speed_models (
    centre  text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,                          -- digest of the content
    made_at timestamptz NOT NULL,
    region  text COLLATE "C" NOT NULL,                          -- whose roads it was learned on
    extract text COLLATE "C" NOT NULL,                          -- SHA-256 of the extract that those roads came from
    legs    integer NOT NULL,                                   -- that it was learned from
    until   timestamptz,                                        -- when the youngest of them began
    report  jsonb NOT NULL,                                     -- what was used, what was left out and why, errors
    body    bytea NOT NULL,                                     -- as tracker.eta.speeds writes it
    PRIMARY KEY (centre, version)
);
CREATE INDEX speed_models_newest ON speed_models (centre, made_at);
