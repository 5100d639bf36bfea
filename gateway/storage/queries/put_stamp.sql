-- What somebody said, or says differently now: then it is judged anew from the earlier of both times. Whoever names a
-- mission says it after its assignment, whatever the clock says; unless the mission itself is the source.
INSERT INTO stamps (
    centre, unit, key, status, teller, said_by, device_time, server_time, at, mission, raised, stale_from
)
SELECT %(centre)s, %(unit)s, %(key)s, %(status)s, %(teller)s, %(said_by)s, %(device_time)s, %(server_time)s,
       meant.at, %(mission)s, %(raised)s, meant.at
FROM (
    SELECT GREATEST(
        %(at)s::timestamptz,
        (
            SELECT assigned_at + interval '10 microseconds' FROM missions
            WHERE centre = %(centre)s AND id = %(names)s AND unit = %(unit)s
        )
    ) AS at
) meant
WHERE NOT EXISTS (                                              -- what is there already is not even locked
    SELECT FROM stamps s
    WHERE s.centre = %(centre)s AND s.unit = %(unit)s AND s.key = %(key)s AND s.teller = %(teller)s AND s.at = meant.at
      AND NOT s.withdrawn
)
ON CONFLICT (centre, unit, key) DO UPDATE SET
    teller = excluded.teller, device_time = excluded.device_time, server_time = excluded.server_time, at = excluded.at,
    withdrawn = false, stale_from = LEAST(stamps.stale_from, stamps.at, excluded.at)
WHERE (stamps.teller, stamps.at, stamps.withdrawn) IS DISTINCT FROM (excluded.teller, excluded.at, false)
