INSERT INTO centres (id, name, time_zone) VALUES (%(id)s, %(name)s, %(time_zone)s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone
