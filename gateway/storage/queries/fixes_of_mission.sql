-- What a mission's times are read from: every usable fix of its unit in its time, and no column more.
SELECT fix_time, latitude, longitude, speed
FROM fixes
WHERE centre = %(centre)s AND unit = %(unit)s
  AND fix_time >= %(since)s AND fix_time <= %(until)s
  AND quality & %(unusable)s = 0
ORDER BY fix_time, source
