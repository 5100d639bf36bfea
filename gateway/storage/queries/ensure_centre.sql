-- A unit can be enrolled before its centre is described; UTC until somebody says better.
INSERT INTO centres (id, name, time_zone) VALUES (%(id)s, %(id)s, 'UTC') ON CONFLICT (id) DO NOTHING
