INSERT INTO exercises (centre, id, name, started_at) VALUES (%(centre)s, %(id)s, %(name)s, %(at)s)
ON CONFLICT DO NOTHING
