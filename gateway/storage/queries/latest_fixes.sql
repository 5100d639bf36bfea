-- The newest fix of each unit that may move a marker: the live picture of a gateway that has just started.
SELECT f.*
FROM units u
CROSS JOIN LATERAL (
    SELECT unit, source, fix_time, received_at, latitude, longitude, altitude, speed, course,
           mode, solution, satellites, hdop, error, quality, outbox, sequence
    FROM fixes
    WHERE centre = u.centre AND unit = u.id AND quality & %(unusable)s = 0
    ORDER BY fix_time DESC
    LIMIT 1
) f
WHERE u.centre = %(centre)s
