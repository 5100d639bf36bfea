-- A page of one unit's track, rising by fix time, then source; the cursor is the last row's pair.
SELECT unit, source, fix_time, received_at, latitude, longitude, altitude, speed, course,
       mode, solution, satellites, hdop, error, quality, outbox, sequence
FROM fixes
WHERE centre = %(centre)s AND unit = %(unit)s
  AND fix_time >= %(from)s AND fix_time < %(to)s
  AND (fix_time, source) > (%(after_time)s, %(after_source)s)
ORDER BY fix_time, source
LIMIT %(limit)s
