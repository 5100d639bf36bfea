-- How a centre works: begun with its profile, and then its own to change. Who commands it, and when it only exercises.

CREATE TABLE centre_rules (
    centre     text COLLATE "C" PRIMARY KEY,
    version    integer NOT NULL DEFAULT 1,
    escalation jsonb NOT NULL,                                  -- tracker.regions.Escalation
    labels     jsonb,                                           -- tracker.regions.Labels; NULL: the centre has no words of its own
    begun_at   timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE TABLE sops (                                             -- who goes to what: a row for each kind of emergency
    centre   text COLLATE "C" NOT NULL,
    kind     text COLLATE "C" NOT NULL CHECK (kind ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    version  integer NOT NULL DEFAULT 1,
    name     text NOT NULL,
    agencies text[] NOT NULL CHECK (cardinality(agencies) > 0), -- the first leads
    sop      text,                                              -- where the procedure stands; NULL: the centre has not said
    urgency  text COLLATE "C",                                  -- of a call of this kind unless somebody says another; NULL: none
    PRIMARY KEY (centre, kind)
);

CREATE TABLE commands_held (                                    -- who commands the centre: the newest row's holder
    n      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    centre text COLLATE "C" NOT NULL,
    holder text COLLATE "C" NOT NULL,                           -- an agency
    since  timestamptz NOT NULL,
    said_by text NOT NULL                                       -- who handed it over; '' for the profile
);
CREATE INDEX commands_held_newest ON commands_held (centre, n);

CREATE TABLE exercises (
    centre     text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    name       text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (centre, id),
    CHECK (ended_at >= started_at)
);
CREATE UNIQUE INDEX exercises_one_at_a_time ON exercises (centre) WHERE ended_at IS NULL;

-- What figures are made of: an exercise is none of them.
CREATE VIEW real_missions AS
SELECT m.centre, m.id, m.unit, m.incident, m.urgency, m.assigned_at, m.ended_at
FROM missions m
LEFT JOIN incidents i ON i.centre = m.centre AND i.id = m.incident
WHERE NOT coalesce(i.exercise, false);
