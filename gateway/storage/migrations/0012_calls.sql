-- What an incident is besides a place and an urgency, and the calls that tell of incidents.

ALTER TABLE incidents
    ADD COLUMN kind         text COLLATE "C" NOT NULL DEFAULT '',    -- of the centre's table of procedures; '' is not said
    ADD COLUMN agencies     text[] NOT NULL DEFAULT '{}',            -- who is wanted there; the first leads
    ADD COLUMN capabilities text[] NOT NULL DEFAULT '{}',            -- what a unit must have for it
    ADD COLUMN notes        text NOT NULL DEFAULT '',                -- for dispatchers; nobody is named
    ADD COLUMN exercise     boolean NOT NULL DEFAULT false,
    ADD COLUMN member       text COLLATE "C",                        -- member centre of a province whose it is
    ADD COLUMN reference    text NOT NULL DEFAULT '',                -- its number in the system that took the call
    ADD COLUMN closed_as    text COLLATE "C",                        -- tracker.missions.ClosedAs
    ADD COLUMN duplicate_of text COLLATE "C",                        -- the incident that it was merged into
    ADD COLUMN condition    text COLLATE "C" NOT NULL DEFAULT '',    -- of the patient, as hospitals are chosen by it
    ADD COLUMN version      integer NOT NULL DEFAULT 1,              -- one more with every change
    ADD FOREIGN KEY (centre, duplicate_of) REFERENCES incidents (centre, id),
    ADD CHECK (duplicate_of <> id),
    ADD CHECK (closed_as IS NULL OR closed_at IS NOT NULL);

-- Numbers are people's. `number` and `said` are emptied when a call is no longer recent; `caller`, a keyed hash of the
-- number, lives as long as a prank counts. The key may lie outside this database (SIGAP_CALLER_KEY); else it is below.
CREATE TABLE calls (
    centre    text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    at        timestamptz NOT NULL,
    line      text COLLATE "C" NOT NULL DEFAULT '',                  -- the number or way it came by: 112, app, ...; '' is not said
    number    text COLLATE "C",                                      -- E.164 or a short number; NULL: hidden, or forgotten
    caller    bytea,                                                 -- HMAC-SHA256 of the number; NULL likewise
    said      text NOT NULL DEFAULT '',                              -- what was pasted or typed of the place
    latitude  double precision CHECK (latitude BETWEEN -90 AND 90),  -- where the caller's network or phone says it is
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    incident  text COLLATE "C",                                      -- what it told of
    closed_at timestamptz,                                           -- NULL: somebody is on it
    closed_as text COLLATE "C",                                      -- tracker.missions.calls.CallEnd
    exercise  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (centre, id),
    FOREIGN KEY (centre, incident) REFERENCES incidents (centre, id),
    CHECK ((latitude IS NULL) = (longitude IS NULL)),
    CHECK ((closed_at IS NULL) = (closed_as IS NULL))
);
CREATE INDEX calls_by_time ON calls (centre, at);
CREATE INDEX calls_of_caller ON calls (centre, caller, at) WHERE caller IS NOT NULL;
CREATE INDEX calls_of_incident ON calls (centre, incident) WHERE incident IS NOT NULL;

CREATE TABLE caller_keys (                                           -- forgetting a key forgets every caller at once
    centre text COLLATE "C" PRIMARY KEY,
    key    bytea NOT NULL
);
