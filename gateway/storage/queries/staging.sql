-- One a connection. COPY knows no ON CONFLICT, so fixes land here first.
CREATE TEMP TABLE IF NOT EXISTS staged_fixes (
    ordinal     integer NOT NULL,                               -- place in the batch
    centre      text COLLATE "C" NOT NULL,
    unit        text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    fix_time    timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    latitude    double precision NOT NULL,
    longitude   double precision NOT NULL,
    altitude    real,
    speed       real,
    course      real,
    mode        smallint,
    solution    smallint,
    satellites  smallint,
    hdop        real,
    error       real,
    quality     integer NOT NULL,
    outbox      text COLLATE "C",
    sequence    bigint
) ON COMMIT DELETE ROWS
