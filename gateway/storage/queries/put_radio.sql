INSERT INTO radios (centre, bridge, radio, unit) VALUES (%(centre)s, %(bridge)s, %(radio)s, %(unit)s)
ON CONFLICT (centre, bridge, radio) DO UPDATE SET unit = excluded.unit, enrolled_at = now()
