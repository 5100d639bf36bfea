INSERT INTO places AS kept (centre, id, kind, name, latitude, longitude)
VALUES (%(centre)s, %(id)s, %(kind)s, %(name)s, %(latitude)s, %(longitude)s)
ON CONFLICT (centre, id) DO UPDATE SET
    kind = excluded.kind, name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude,
    point = CASE
        WHEN (excluded.latitude, excluded.longitude) = (kept.latitude, kept.longitude) THEN kept.point
        ELSE 'confirmed'
    END,
    version = kept.version + 1
