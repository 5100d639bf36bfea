INSERT INTO units (centre, id, name, kind) VALUES (%(centre)s, %(id)s, %(name)s, %(kind)s)
ON CONFLICT (centre, id) DO UPDATE SET name = excluded.name, kind = excluded.kind
