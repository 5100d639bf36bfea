-- What everybody said of each unit's status, and what became of it; how each unit stands; and alarms. A standing is a
-- function of the stamps: one that comes late, or is corrected, makes those from its time on be judged anew.

CREATE TABLE stamps (
    centre                text COLLATE "C" NOT NULL,
    unit                  text COLLATE "C" NOT NULL,
    key                   text COLLATE "C" NOT NULL,            -- report/{outbox}/{number}, mission/{id}/{status}, ...: what it was made of
    status                text COLLATE "C" NOT NULL,            -- tracker.missions.statuses.Status
    teller                text COLLATE "C" NOT NULL,            -- gps, crew, dispatcher
    said_by               text NOT NULL,                        -- a dispatcher's name; crew, input, radio; '' is not said
    device_time           timestamptz,                          -- by the teller's own clock
    server_time           timestamptz NOT NULL,                 -- when the centre learned it
    at                    timestamptz NOT NULL,                 -- when it was so: not before the mission that it names
    mission               text COLLATE "C",
    raised                boolean NOT NULL,                     -- of an emergency
    withdrawn             boolean NOT NULL DEFAULT false,       -- what it was made of says so no more
    stale_from            timestamptz,                          -- judge from then on; NULL: it is judged
    refused_because       text,                                 -- NULL: it counts
    after_status          text COLLATE "C",                     -- the standing after it; NULL: not judged yet, or withdrawn
    after_since           timestamptz,
    after_mission         text COLLATE "C",
    after_emergency_since timestamptz,
    PRIMARY KEY (centre, unit, key)
);
CREATE INDEX stamps_by_time ON stamps (centre, unit, at);
CREATE INDEX stamps_to_judge ON stamps (centre, unit) WHERE stale_from IS NOT NULL;

CREATE TABLE standings (                                        -- as it was told last
    centre          text COLLATE "C" NOT NULL,
    unit            text COLLATE "C" NOT NULL,
    status          text COLLATE "C" NOT NULL,
    since           timestamptz,
    mission         text COLLATE "C",
    emergency_since timestamptz,
    PRIMARY KEY (centre, unit)
);

CREATE TABLE alarms (
    centre          text COLLATE "C" NOT NULL,
    id              text COLLATE "C" NOT NULL,
    about           text COLLATE "C" NOT NULL,                  -- what it is of, so that nothing is raised twice: {kind}/{...}
    kind            text COLLATE "C" NOT NULL,
    unit            text COLLATE "C",
    mission         text COLLATE "C",
    incident        text COLLATE "C",
    level           text COLLATE "C" NOT NULL,                  -- again, next-unit, supervisor
    sound           boolean NOT NULL,
    raised_at       timestamptz NOT NULL,
    cleared_at      timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text NOT NULL DEFAULT '',
    detail          text NOT NULL,
    rungs           smallint NOT NULL DEFAULT 0,                -- steps of the escalation that were done
    exercise        boolean NOT NULL,
    "values"        jsonb NOT NULL,
    PRIMARY KEY (centre, id),
    UNIQUE (centre, about)
);
CREATE INDEX alarms_open ON alarms (centre, raised_at) WHERE cleared_at IS NULL;
CREATE INDEX alarms_by_time ON alarms (centre, raised_at);

ALTER TABLE missions ADD COLUMN exercise boolean NOT NULL DEFAULT false;
ALTER TABLE mission_legs ADD COLUMN departed_at timestamptz;    -- the wheels turned; of the first leg
