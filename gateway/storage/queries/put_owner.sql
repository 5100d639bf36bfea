INSERT INTO owners (centre, id, name) VALUES (%(centre)s, %(id)s, %(name)s)
ON CONFLICT (centre, id) DO UPDATE SET name = excluded.name
