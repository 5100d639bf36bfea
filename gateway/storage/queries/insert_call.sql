-- The same id again inserts nothing: an exchange that got no answer sends again.
INSERT INTO calls (centre, id, at, line, number, caller, said, latitude, longitude, exercise)
VALUES (%(centre)s, %(id)s, %(at)s, %(line)s, %(number)s, %(caller)s, %(said)s, %(latitude)s, %(longitude)s, %(exercise)s)
ON CONFLICT (centre, id) DO NOTHING
