-- What crews and their vehicles say, and what the centre tells them. A report is kept as it came; what is made of it (the
-- newest status, an alarm, the times of a mission) is a function of the rows, so their order of arrival never matters.

CREATE TABLE reports (
    centre      text COLLATE "C" NOT NULL,
    unit        text COLLATE "C" NOT NULL,
    outbox      text COLLATE "C" NOT NULL,
    seq         bigint NOT NULL,
    kind        text COLLATE "C" NOT NULL,                      -- status, answer, emergency, input
    at          timestamptz NOT NULL,                           -- as the device's clock says
    clock       text COLLATE "C",                               -- gnss, system; NULL: it did not say
    received_at timestamptz NOT NULL,                           -- of the first delivery
    said_at     timestamptz NOT NULL,                           -- `at`, or the receiving where that clock runs ahead of it
    source      text COLLATE "C",                               -- crew, input, radio
    mission     text COLLATE "C",
    value       text COLLATE "C" NOT NULL,                      -- the status; of an input its name
    raised      boolean,                                        -- emergency raised, mission accepted, input on
    since       timestamptz,                                    -- of an emergency: when it was raised first
    line        text NOT NULL,                                  -- as it came, fields that we do not know among it
    PRIMARY KEY (centre, unit, outbox, seq)
);
CREATE INDEX reports_by_time ON reports (centre, unit, kind, said_at);
CREATE INDEX reports_of_mission ON reports (centre, mission) WHERE mission IS NOT NULL;

CREATE TABLE emergency_acks (
    centre          text COLLATE "C" NOT NULL,
    unit            text COLLATE "C" NOT NULL,
    since           timestamptz NOT NULL,                       -- of the alarm
    acknowledged_at timestamptz NOT NULL,
    PRIMARY KEY (centre, unit, since)
);

CREATE TABLE unit_health (
    centre      text COLLATE "C" NOT NULL,
    unit        text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL,                           -- as the device's clock says
    received_at timestamptz NOT NULL,
    body        text NOT NULL,                                  -- the newest, as it came
    PRIMARY KEY (centre, unit)
);

CREATE TABLE commands (
    n            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    centre       text COLLATE "C" NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    mission      text COLLATE "C",
    issued_at    timestamptz NOT NULL,
    expires_at   timestamptz,
    payload      text NOT NULL,                                 -- what is sent
    tells        text,                                          -- of a mission: all that the unit knows once it has this
    sent_times   integer NOT NULL DEFAULT 0,
    last_sent_at timestamptz,
    outcome      text COLLATE "C",                              -- the unit's; or expired, superseded: the gateway's own
    outcome_at   timestamptz,
    detail       text NOT NULL DEFAULT '',
    UNIQUE (centre, id)
);
CREATE INDEX commands_of_unit ON commands (centre, unit, n);
CREATE INDEX commands_open ON commands (centre, unit, n) WHERE outcome IS NULL OR outcome = 'received';

ALTER TABLE missions ADD COLUMN notes text NOT NULL DEFAULT '';   -- for the crew
ALTER TABLE missions ADD COLUMN ended_by text COLLATE "C";         -- hand, crew; NULL of those that ended before this
ALTER TABLE missions ADD COLUMN ended_why text NOT NULL DEFAULT ''; -- of a refusal: the crew's words
