-- What was said of a unit from a time on, rising; nobody changes it meanwhile.
SELECT key, status, teller, said_by, device_time, server_time, at, mission, raised, withdrawn, refused_because,
       stale_from IS NOT NULL AS stale
FROM stamps
WHERE centre = %(centre)s AND unit = %(unit)s AND at >= %(since)s
ORDER BY at, key
FOR UPDATE
