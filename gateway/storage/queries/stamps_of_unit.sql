-- What was said of a unit, newest first.
SELECT key, status, teller, said_by, device_time, server_time, at, mission, raised, withdrawn, refused_because,
       stale_from IS NOT NULL AS stale
FROM stamps
WHERE centre = %(centre)s AND unit = %(unit)s
ORDER BY at DESC, key DESC
LIMIT %(limit)s
