INSERT INTO duty_schedules (centre, unit, since, windows, said_by)
VALUES (%(centre)s, %(unit)s, %(now)s, %(windows)s, %(by)s)
ON CONFLICT (centre, unit, since) DO UPDATE SET windows = excluded.windows, said_by = excluded.said_by
