INSERT INTO places (centre, id, kind, name, latitude, longitude)
VALUES (%(centre)s, %(id)s, %(kind)s, %(name)s, %(latitude)s, %(longitude)s)
ON CONFLICT (centre, id) DO UPDATE SET
    kind = excluded.kind, name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude
