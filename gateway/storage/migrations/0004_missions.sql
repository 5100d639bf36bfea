-- Who is sent where, when they arrive, and what was foretold of it. No word about patients.
-- A mission's state is a function of the times of its legs and of its end; it is not stored beside them.

CREATE TABLE places (
    centre    text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    kind      text COLLATE "C" NOT NULL,                        -- hospital, puskesmas, ...
    name      text NOT NULL,
    latitude  double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    PRIMARY KEY (centre, id)
);

CREATE TABLE incidents (
    centre                text COLLATE "C" NOT NULL,
    id                    text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    urgency               text COLLATE "C" NOT NULL,            -- tracker.missions.Urgency
    latitude              double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude             double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    name                  text NOT NULL,                        -- of the place; '' is none
    destination           text COLLATE "C",                     -- the place of `places` it was copied from, if any
    destination_latitude  double precision CHECK (destination_latitude BETWEEN -90 AND 90),
    destination_longitude double precision CHECK (destination_longitude BETWEEN -180 AND 180),
    destination_name      text,
    opened_at             timestamptz NOT NULL,
    closed_at             timestamptz,
    PRIMARY KEY (centre, id),
    CHECK ((destination_latitude IS NULL) = (destination_longitude IS NULL)),
    CHECK (closed_at >= opened_at)
);
CREATE INDEX incidents_open ON incidents (centre, opened_at) WHERE closed_at IS NULL;

CREATE TABLE missions (
    centre      text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    unit        text COLLATE "C" NOT NULL,
    incident    text COLLATE "C",                               -- NULL: the unit was only given a destination
    urgency     text COLLATE "C" NOT NULL,
    assigned_at timestamptz NOT NULL,
    ended_at    timestamptz,
    PRIMARY KEY (centre, id),
    FOREIGN KEY (centre, incident) REFERENCES incidents (centre, id),
    CHECK (ended_at >= assigned_at)
);
CREATE UNIQUE INDEX missions_one_a_unit ON missions (centre, unit) WHERE ended_at IS NULL;
CREATE INDEX missions_of_unit ON missions (centre, unit, assigned_at);
CREATE INDEX missions_of_incident ON missions (centre, incident);

CREATE TABLE mission_legs (
    centre     text COLLATE "C" NOT NULL,
    mission    text COLLATE "C" NOT NULL,
    ordinal    smallint NOT NULL,                               -- 0, 1 in the order of driving
    kind       text COLLATE "C" NOT NULL,                       -- to-scene, to-hospital, to-place
    latitude   double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude  double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    name       text NOT NULL,
    started_at timestamptz,
    arrived_at timestamptz,
    arrived_by text COLLATE "C",                                -- gps, or hand: somebody said so
    left_at    timestamptz,
    left_by    text COLLATE "C",
    PRIMARY KEY (centre, mission, ordinal),
    FOREIGN KEY (centre, mission) REFERENCES missions (centre, id),
    CHECK ((arrived_at IS NULL) = (arrived_by IS NULL)),
    CHECK ((left_at IS NULL) = (left_by IS NULL))
);

-- Every arrival time that was told to anybody. Its error is known once the leg has arrived: it is computed when asked
-- for, so a late fix that corrects an arrival corrects the scores with it.
CREATE TABLE etas (
    centre       text COLLATE "C" NOT NULL,
    mission      text COLLATE "C" NOT NULL,
    ordinal      smallint NOT NULL,
    published_at timestamptz NOT NULL,
    fix_time     timestamptz NOT NULL,
    p10          real NOT NULL CHECK (p10 > 0),                 -- seconds after published_at
    p50          real NOT NULL CHECK (p50 > 0),
    p90          real NOT NULL CHECK (p90 > 0),
    source       text COLLATE "C" NOT NULL,                     -- road, straight-line, last-known
    distance     real,                                          -- m to go
    model        text COLLATE "C" NOT NULL,                     -- version of what made it
    PRIMARY KEY (centre, mission, ordinal, published_at),
    FOREIGN KEY (centre, mission) REFERENCES missions (centre, id)
);
CREATE INDEX etas_by_time ON etas (centre, published_at);

CREATE TABLE mission_events (
    centre     text COLLATE "C" NOT NULL,
    mission    text COLLATE "C" NOT NULL,
    ordinal    smallint NOT NULL,
    kind       text COLLATE "C" NOT NULL,                       -- off-route, wrong-way, stalled, slipping
    raised_at  timestamptz NOT NULL,                            -- time of the fix that raised it
    value      real NOT NULL,                                   -- m or s, as the kind has it, when raised
    cleared_at timestamptz,
    PRIMARY KEY (centre, mission, ordinal, kind, raised_at),
    FOREIGN KEY (centre, mission) REFERENCES missions (centre, id)
);
