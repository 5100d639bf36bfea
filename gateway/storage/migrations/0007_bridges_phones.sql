-- Who speaks for units besides their own devices: bridges (base radios) and phones. Of those who carry a phone in a car of
-- their own: their consent, and when they are on duty. Nothing here says where anybody is.

CREATE TABLE bridges (
    centre   text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    added_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (centre, id)
);

CREATE TABLE bridge_units (                                     -- the units that a bridge may speak for
    centre     text COLLATE "C" NOT NULL,
    bridge     text COLLATE "C" NOT NULL,
    unit       text COLLATE "C" NOT NULL,
    allowed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (centre, bridge, unit),
    FOREIGN KEY (centre, bridge) REFERENCES bridges (centre, id)
);

CREATE TABLE radios (                                           -- radios that are not in their bridge's own table
    centre      text COLLATE "C" NOT NULL,
    bridge      text COLLATE "C" NOT NULL,
    radio       text COLLATE "C" NOT NULL CHECK (radio ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    unit        text COLLATE "C" NOT NULL,
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (centre, bridge, radio),
    FOREIGN KEY (centre, bridge) REFERENCES bridges (centre, id)
);

CREATE TABLE phones (
    centre      text COLLATE "C" NOT NULL,
    unit        text COLLATE "C" NOT NULL,
    secret      bytea NOT NULL,                                 -- SHA-256 of the phone's secret; the secret is nowhere
    mqtt_user   text NOT NULL,                                  -- second part of OwnTracks' topic
    private     boolean NOT NULL,                               -- somebody's own car: only with consent, only on duty
    enrolled_at timestamptz NOT NULL,
    PRIMARY KEY (centre, unit),
    UNIQUE (secret),
    UNIQUE (centre, mqtt_user)
);

CREATE TABLE consents (
    centre       text COLLATE "C" NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    given_at     timestamptz NOT NULL,
    person       text NOT NULL,                                 -- who consents
    text_version text NOT NULL,                                 -- to which text
    recorded_by  text NOT NULL,                                 -- the driver's own page, or who at the centre
    withdrawn_at timestamptz,
    withdrawn_by text,
    PRIMARY KEY (centre, unit, given_at),
    CHECK (withdrawn_at >= given_at),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE UNIQUE INDEX consents_one_a_phone ON consents (centre, unit) WHERE withdrawn_at IS NULL;

CREATE TABLE duty_schedules (                                   -- each holds until the next one begins
    centre  text COLLATE "C" NOT NULL,
    unit    text COLLATE "C" NOT NULL,
    since   timestamptz NOT NULL,
    windows text NOT NULL,                                      -- tracker.duty: mon-fri 06:00-18:00, sat 20:00-02:00
    said_by text NOT NULL,
    PRIMARY KEY (centre, unit, since)
);

CREATE TABLE duty_changes (
    centre  text COLLATE "C" NOT NULL,
    unit    text COLLATE "C" NOT NULL,
    at      timestamptz NOT NULL,
    state   text COLLATE "C" NOT NULL,                          -- on, off, schedule
    until   timestamptz,                                        -- NULL: until the next change
    said_by text NOT NULL,                                      -- driver, or who at the centre
    PRIMARY KEY (centre, unit, at),
    CHECK (until > at),
    CHECK (state <> 'on' OR until IS NOT NULL)                  -- on duty always ends by itself
);
