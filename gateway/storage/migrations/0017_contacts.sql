-- Whom to reach when nobody looks at the board, and every try to.

CREATE TABLE contacts (
    centre   text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    position smallint NOT NULL,                                 -- who comes first is reached first
    name     text NOT NULL,
    role     text NOT NULL,                                     -- a word for people
    channels jsonb NOT NULL,                                    -- [{"kind": "sms", "address": "+62..."}, ...], in order
    quiet    text NOT NULL DEFAULT '',                          -- weekly windows of tracker.duty; '' is none
    PRIMARY KEY (centre, id)
);

CREATE TABLE reach_tries (
    n          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    centre     text COLLATE "C" NOT NULL,
    alarm      text COLLATE "C" NOT NULL,
    step       integer NOT NULL,                                -- how many ways were tried before it
    attempt    smallint NOT NULL,                               -- above 1: nobody knows what became of the one before
    contact    text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,                       -- sms, mail, webhook
    address    text NOT NULL,
    key        text COLLATE "C" NOT NULL,                       -- of the message, which may tell of several alarms
    begun_at   timestamptz NOT NULL,
    outcome    text COLLATE "C" NOT NULL DEFAULT 'begun',       -- begun, sent, delivered, undelivered, failed
    settled_at timestamptz,
    detail     text NOT NULL DEFAULT '',
    UNIQUE (centre, alarm, step, attempt)
);
CREATE INDEX reach_tries_of_message ON reach_tries (centre, key);
CREATE INDEX reach_tries_by_time ON reach_tries (centre, begun_at);
