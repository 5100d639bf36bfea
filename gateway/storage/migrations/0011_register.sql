-- Agencies, what is known of units, facilities with the points that sources give them, geofences; answers to repeated requests.

CREATE TABLE agencies (
    centre  text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    name    text NOT NULL,
    kind    text COLLATE "C" NOT NULL,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (centre, id)
);

CREATE TABLE unit_details (
    centre       text COLLATE "C" NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    version      integer NOT NULL DEFAULT 1,
    agency       text COLLATE "C",
    capabilities text[] NOT NULL DEFAULT '{}',
    crew         smallint CHECK (crew >= 0),
    crew_until   timestamptz,
    home         text COLLATE "C",                              -- a facility
    turnout      real CHECK (turnout >= 0),                     -- s
    shifts       text,                                          -- weekly windows; NULL: always
    member       text COLLATE "C",
    PRIMARY KEY (centre, unit),
    FOREIGN KEY (centre, unit) REFERENCES units (centre, id) ON DELETE CASCADE,
    FOREIGN KEY (centre, agency) REFERENCES agencies (centre, id),
    FOREIGN KEY (centre, home) REFERENCES places (centre, id)
);

-- A place that somebody of the centre entered is confirmed by that; the importer says otherwise.
ALTER TABLE places
    ADD COLUMN grade             text,
    ADD COLUMN capabilities      text[] NOT NULL DEFAULT '{}',
    ADD COLUMN district          text,
    ADD COLUMN capacity          integer CHECK (capacity >= 0), -- beds in all
    ADD COLUMN beds              integer CHECK (beds >= 0),     -- free
    ADD COLUMN beds_at           timestamptz,
    ADD COLUMN diversion_because text,
    ADD COLUMN diversion_until   timestamptz,
    ADD COLUMN handover          real CHECK (handover >= 0),    -- s
    ADD COLUMN point             text COLLATE "C" NOT NULL DEFAULT 'confirmed',
    ADD COLUMN point_because     text NOT NULL DEFAULT '',
    ADD COLUMN version           integer NOT NULL DEFAULT 1;

CREATE TABLE facility_points (
    centre    text COLLATE "C" NOT NULL,
    facility  text COLLATE "C" NOT NULL,
    source    text COLLATE "C" NOT NULL,                        -- a list's name; 'operator' is the centre itself
    latitude  double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    finding   text COLLATE "C" NOT NULL,                        -- tracker.register.points.Finding
    detail    text NOT NULL DEFAULT '',
    told_at   timestamptz NOT NULL,
    PRIMARY KEY (centre, facility, source),
    FOREIGN KEY (centre, facility) REFERENCES places (centre, id) ON DELETE CASCADE
);

CREATE TABLE geofences (
    centre   text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    name     text NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    polygon  jsonb NOT NULL,                                    -- [[latitude, longitude], ...]
    units    text[] NOT NULL DEFAULT '{}',
    agencies text[] NOT NULL DEFAULT '{}',
    version  integer NOT NULL DEFAULT 1,
    PRIMARY KEY (centre, id)
);

-- What is noted stays when the geofence goes.
CREATE TABLE geofence_events (
    centre   text COLLATE "C" NOT NULL,
    geofence text COLLATE "C" NOT NULL,
    unit     text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,                              -- of the fix
    entered  boolean NOT NULL,                                  -- false: left
    PRIMARY KEY (centre, geofence, unit, at)
);
CREATE INDEX geofence_events_by_time ON geofence_events (centre, at);

-- The answer to a request that carried an Idempotency-Key; without a status it is being worked on.
CREATE TABLE answered_requests (
    centre   text COLLATE "C" NOT NULL,
    key      text COLLATE "C" NOT NULL,
    digest   bytea NOT NULL,                                    -- SHA-256 of method, path, query and body
    begun_at timestamptz NOT NULL,
    status   smallint,
    headers  jsonb,
    body     bytea,
    PRIMARY KEY (centre, key)
);
CREATE INDEX answered_requests_by_age ON answered_requests (begun_at);
