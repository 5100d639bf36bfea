-- Whether the report is new, and the line that stands under its number. A line that another transaction is putting there at
-- this moment is NULL here: the same outbox sends one thing under one number.
WITH new AS (
    INSERT INTO reports (
        centre, unit, outbox, seq, kind, at, clock, received_at, said_at, source, mission, value, raised, since, line
    ) VALUES (
        %(centre)s, %(unit)s, %(outbox)s, %(seq)s, %(kind)s, %(at)s, %(clock)s, %(received_at)s, %(said_at)s,
        %(source)s, %(mission)s, %(value)s, %(raised)s, %(since)s, %(line)s
    )
    ON CONFLICT (centre, unit, outbox, seq) DO NOTHING
    RETURNING 1
)
SELECT
    (SELECT count(*) FROM new) = 1,
    (
        SELECT line FROM reports
        WHERE centre = %(centre)s AND unit = %(unit)s AND outbox = %(outbox)s AND seq = %(seq)s
    )
