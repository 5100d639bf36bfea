INSERT INTO bridge_units (centre, bridge, unit) VALUES (%(centre)s, %(bridge)s, %(unit)s)
ON CONFLICT (centre, bridge, unit) DO NOTHING
