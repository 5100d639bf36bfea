INSERT INTO duty_changes (centre, unit, at, state, until, said_by)
VALUES (%(centre)s, %(unit)s, %(now)s, %(state)s, %(until)s, %(by)s)
ON CONFLICT (centre, unit, at) DO UPDATE
SET state = excluded.state, until = excluded.until, said_by = excluded.said_by
