INSERT INTO conditions (centre, id, name, capabilities) VALUES (%(centre)s, %(id)s, %(name)s, %(capabilities)s)
ON CONFLICT (centre, id) DO UPDATE SET name = excluded.name, capabilities = excluded.capabilities
