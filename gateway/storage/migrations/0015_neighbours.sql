-- Other systems around a centre: referrals of patients by number, what is shared with others, owners who lend their units.
-- No patient is in here: of a referral its number, its hospital, its diagnosis code and how it stands, and nothing more.

CREATE TABLE referrals (
    centre          text COLLATE "C" NOT NULL,
    mission         text COLLATE "C" NOT NULL,
    system          text COLLATE "C" NOT NULL,                  -- sisrute, satusehat
    number          text COLLATE "C" NOT NULL CHECK (number ~ '^[A-Za-z0-9./-]{1,64}$'),
    hospital_code   text COLLATE "C",                           -- as that system numbers hospitals; NULL: not read yet
    hospital        text,
    diagnosis       text COLLATE "C" CHECK (diagnosis ~ '^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$'), -- ICD-10, no words
    state           text COLLATE "C",                           -- storage.referrals.State; NULL: unknown
    task            text COLLATE "C",                           -- the request to the hospital that we have made there
    attached_at     timestamptz NOT NULL,
    read_at         timestamptz,
    unknown_because text NOT NULL DEFAULT '',                   -- why the last reading told nothing; '' if it did
    PRIMARY KEY (centre, mission),
    FOREIGN KEY (centre, mission) REFERENCES missions (centre, id)
);

CREATE TABLE referral_outbox (                                  -- what those systems are to be told
    n             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    centre        text COLLATE "C" NOT NULL,
    mission       text COLLATE "C" NOT NULL,
    system        text COLLATE "C" NOT NULL,
    number        text COLLATE "C" NOT NULL,
    hospital_code text COLLATE "C" NOT NULL,
    key           text COLLATE "C" NOT NULL,                    -- the same request again is this one
    made_at       timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    doubts        text[] NOT NULL DEFAULT '{}',                 -- identifiers that were sent and got no answer
    task          text COLLATE "C",
    done_at       timestamptz,
    dead_at       timestamptz,                                  -- nobody tries any more
    error         text NOT NULL DEFAULT '',
    UNIQUE (centre, key),
    CHECK (done_at IS NULL OR dead_at IS NULL)
);
CREATE INDEX referral_outbox_due ON referral_outbox (centre, due_at) WHERE done_at IS NULL AND dead_at IS NULL;

CREATE TABLE shares (                                           -- what somebody outside may see, and until when
    centre     text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    token      bytea NOT NULL,                                  -- SHA-256; the token itself is nowhere
    name       text NOT NULL,                                   -- with whom
    incidents  text[] NOT NULL DEFAULT '{}',
    kinds      text[] NOT NULL DEFAULT '{}',                    -- incidents of these kinds, while they are open
    units      text[] NOT NULL DEFAULT '{}',
    crews      boolean NOT NULL DEFAULT false,                  -- the units on missions to those incidents, too
    owner      text COLLATE "C",                                -- the units that this owner lends, too
    begins_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    made_by    text NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (centre, id),
    UNIQUE (token),
    CHECK (ends_at > begins_at)
);

CREATE TABLE share_accesses (                                   -- every look, and every one that was refused
    n       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    centre  text COLLATE "C" NOT NULL,
    share   text COLLATE "C" NOT NULL,
    at      timestamptz NOT NULL,
    address text NOT NULL,
    what    text NOT NULL,
    shown   text[] NOT NULL,                                    -- ids of what was shown
    refused text NOT NULL DEFAULT '',
    FOREIGN KEY (centre, share) REFERENCES shares (centre, id)
);
CREATE INDEX share_accesses_of_share ON share_accesses (centre, share, n);

CREATE TABLE owners (                                           -- who has ambulances of their own and lends them
    centre text COLLATE "C" NOT NULL,
    id     text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    name   text NOT NULL,
    PRIMARY KEY (centre, id)
);

CREATE TABLE owned_units (
    centre text COLLATE "C" NOT NULL,
    unit   text COLLATE "C" NOT NULL,
    owner  text COLLATE "C" NOT NULL,
    PRIMARY KEY (centre, unit),
    FOREIGN KEY (centre, owner) REFERENCES owners (centre, id) ON DELETE CASCADE
);

CREATE TABLE owner_consents (
    centre       text COLLATE "C" NOT NULL,
    owner        text COLLATE "C" NOT NULL,
    given_at     timestamptz NOT NULL,
    person       text NOT NULL,                                 -- who consents for the owner
    text_version text NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (centre, owner, given_at),
    FOREIGN KEY (centre, owner) REFERENCES owners (centre, id) ON DELETE CASCADE,
    CHECK (withdrawn_at >= given_at)
);
CREATE UNIQUE INDEX owner_consents_one ON owner_consents (centre, owner) WHERE withdrawn_at IS NULL;
