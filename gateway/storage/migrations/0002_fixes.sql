-- The tracks. SI units; NULL is unknown, never zero.
-- The key is a function of the message alone, and all of it is NOT NULL: a nullable key column lets duplicates in.

CREATE TABLE fixes (
    centre      text COLLATE "C" NOT NULL,
    unit        text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,                      -- the receiver within the vehicle: gnss, modem, phone
    fix_time    timestamptz NOT NULL,
    received_at timestamptz NOT NULL,                           -- by the gateway, when first stored
    latitude    double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude   double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    altitude    real,                                           -- m above mean sea level
    speed       real CHECK (speed >= 0),                        -- m/s over ground
    course      real CHECK (course >= 0 AND course < 360),      -- degrees from true north
    mode        smallint,                                       -- tracker.fix.Mode
    solution    smallint,                                       -- tracker.fix.Solution
    satellites  smallint,                                       -- used
    hdop        real,
    error       real,                                           -- m, horizontal, 95 %
    quality     integer NOT NULL,                               -- tracker.fix.Quality, a bit a doubt; 0 is good
    outbox      text COLLATE "C",                               -- with sequence: what the receipt named; NULL for bare devices
    sequence    bigint,
    PRIMARY KEY (centre, unit, fix_time, source)                -- in this order it also serves one unit's track by time
);

-- What could not be stored as a good fix: kept with its bytes and the reason, once, however often it comes.
CREATE TABLE quarantine (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    centre     text COLLATE "C" NOT NULL,
    topic      text NOT NULL,                                   -- as received, undecodable bytes escaped
    reason     text COLLATE "C" NOT NULL,                       -- tracker.errors.Reason
    detail     text NOT NULL,
    payload    bytea NOT NULL,
    digest     bytea NOT NULL,                                  -- SHA-256 of the payload
    first_seen timestamptz NOT NULL,
    last_seen  timestamptz NOT NULL,
    times_seen bigint NOT NULL DEFAULT 1,
    UNIQUE (centre, reason, topic, digest)
);
CREATE INDEX quarantine_by_time ON quarantine (centre, last_seen DESC, id DESC);
