INSERT INTO mission_legs (
    centre, mission, ordinal, kind, latitude, longitude, name, place, started_at, departed_at, arrived_at, arrived_by,
    left_at, left_by
) VALUES (
    %(centre)s, %(mission)s, %(ordinal)s, %(kind)s, %(latitude)s, %(longitude)s, %(name)s, %(place)s,
    %(started_at)s, %(departed_at)s, %(arrived_at)s, %(arrived_by)s, %(left_at)s, %(left_by)s
)
ON CONFLICT (centre, mission, ordinal) DO UPDATE SET
    kind = excluded.kind, latitude = excluded.latitude, longitude = excluded.longitude, name = excluded.name,
    place = excluded.place, started_at = excluded.started_at, departed_at = excluded.departed_at,
    arrived_at = excluded.arrived_at, arrived_by = excluded.arrived_by, left_at = excluded.left_at,
    left_by = excluded.left_by
