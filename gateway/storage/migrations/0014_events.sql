-- What happened, told by whoever changed it in the same transaction, for all who listen; and who listens by webhook.

CREATE SEQUENCE event_entries;                                  -- the order of writing, which is not that of commits

CREATE TABLE events (
    centre   text COLLATE "C" NOT NULL,
    id       bigint NOT NULL DEFAULT -nextval('event_entries'), -- the order in which readers see them; below 0: not yet seen
    key      uuid NOT NULL DEFAULT gen_random_uuid(),           -- the same for everybody and for ever
    kind     text COLLATE "C" NOT NULL,
    subject  text COLLATE "C" NOT NULL,
    unit     text COLLATE "C",
    exercise boolean NOT NULL,
    at       timestamptz NOT NULL,
    data     json NOT NULL,
    PRIMARY KEY (centre, id)
);
CREATE INDEX events_by_time ON events (centre, at);

CREATE TABLE event_numbers (
    centre text COLLATE "C" PRIMARY KEY,
    newest bigint NOT NULL DEFAULT 0                            -- its row's lock is the right to give numbers
);

CREATE TABLE webhooks (
    centre     text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    url        text NOT NULL,
    kinds      text[] NOT NULL,                                 -- empty: all
    secret     text NOT NULL,                                   -- both sides sign with it, so it is kept as it is
    exercises  boolean NOT NULL,                                -- whether it wants those of exercises too
    active     boolean NOT NULL,
    created_at timestamptz NOT NULL,
    name       text NOT NULL,
    PRIMARY KEY (centre, id)
);

CREATE TABLE webhook_deliveries (
    centre       text COLLATE "C" NOT NULL,
    webhook      text COLLATE "C" NOT NULL,
    event        bigint NOT NULL,
    lane         text COLLATE "C" NOT NULL,                     -- within one, events arrive in order
    state        text COLLATE "C" NOT NULL,                     -- waiting, delivered, dead
    since        timestamptz NOT NULL,                          -- when it began to wait
    next_at      timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    last_at      timestamptz,
    last_status  integer,                                       -- of HTTP; NULL: there was no answer
    last_error   text NOT NULL DEFAULT '',
    delivered_at timestamptz,
    PRIMARY KEY (centre, webhook, event),
    FOREIGN KEY (centre, webhook) REFERENCES webhooks (centre, id) ON DELETE CASCADE,
    FOREIGN KEY (centre, event) REFERENCES events (centre, id) ON DELETE CASCADE
);
CREATE INDEX webhook_lanes ON webhook_deliveries (centre, webhook, lane, event) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (centre, event);

CREATE INDEX incidents_of_reference ON incidents (centre, reference) WHERE reference <> '';
