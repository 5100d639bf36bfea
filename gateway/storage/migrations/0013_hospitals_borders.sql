-- What a centre asks of hospitals, whom a hospital was told of, and neighbouring centres with what was handed over to them.

-- A centre's own rows; a condition without one here is as in tracker/recommend/conditions.toml.
CREATE TABLE conditions (
    centre       text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    name         text NOT NULL,
    capabilities text[] NOT NULL,
    PRIMARY KEY (centre, id)
);

ALTER TABLE mission_legs ADD COLUMN place text COLLATE "C";         -- of `places`, if it is from there

-- What each hospital was last told of a patient on the way. Written with the event, so that neither is without the other.
CREATE TABLE inbound_told (
    centre     text COLLATE "C" NOT NULL,
    mission    text COLLATE "C" NOT NULL,
    facility   text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,                           -- inbound, arrived, withdrawn
    aboard_at  timestamptz,
    arrives_at timestamptz,                                         -- as it was told; NULL: unknown
    told_at    timestamptz NOT NULL,
    PRIMARY KEY (centre, mission, facility),
    FOREIGN KEY (centre, mission) REFERENCES missions (centre, id) ON DELETE CASCADE
);
CREATE INDEX inbound_now ON inbound_told (centre) WHERE state = 'inbound';

CREATE TABLE neighbours (
    centre    text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    name      text NOT NULL,
    url       text,                                                 -- of its gateway
    shares    text COLLATE "C",                                     -- a centre in this very database
    area      jsonb,                                                -- GeoJSON Polygon or MultiPolygon
    districts text[] NOT NULL DEFAULT '{}',                         -- names, of the operator's file of districts
    PRIMARY KEY (centre, id),
    CHECK (num_nonnulls(url, shares) = 1)
);

CREATE TABLE handovers (
    centre    text COLLATE "C" NOT NULL,
    incident  text COLLATE "C" NOT NULL,
    neighbour text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,                            -- id of the incident over there
    said_by   text NOT NULL DEFAULT '',
    at        timestamptz NOT NULL,
    state     text COLLATE "C" NOT NULL,                            -- open, closed; as the neighbour last said
    status    jsonb NOT NULL DEFAULT '{}',                          -- likewise: units, their states and arrival times
    status_at timestamptz,                                          -- NULL: it has not answered since
    PRIMARY KEY (centre, incident),
    FOREIGN KEY (centre, incident) REFERENCES incidents (centre, id)
);
CREATE INDEX handovers_open ON handovers (centre) WHERE state <> 'closed';
