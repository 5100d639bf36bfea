-- Changes nothing where it is so already.
INSERT INTO standings (centre, unit, status, since, mission, emergency_since)
VALUES (%(centre)s, %(unit)s, %(status)s, %(since)s, %(mission)s, %(emergency_since)s)
ON CONFLICT (centre, unit) DO UPDATE SET
    status = excluded.status, since = excluded.since, mission = excluded.mission,
    emergency_since = excluded.emergency_since
WHERE (standings.status, standings.since, standings.mission, standings.emergency_since)
    IS DISTINCT FROM (excluded.status, excluded.since, excluded.mission, excluded.emergency_since)
