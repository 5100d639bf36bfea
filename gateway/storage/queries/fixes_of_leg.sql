-- What a unit's receivers told of one drive, source by source.
SELECT source, fix_time, latitude, longitude, speed
FROM fixes
WHERE centre = %(centre)s AND unit = %(unit)s
  AND fix_time >= %(since)s AND fix_time <= %(until)s
  AND quality & %(unusable)s = 0
ORDER BY source, fix_time
