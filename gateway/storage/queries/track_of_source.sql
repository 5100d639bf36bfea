-- A page of what one receiver of one unit saw, rising, with no column more than its judge needs.
SELECT fix_time, latitude, longitude, speed, quality
FROM fixes
WHERE centre = %(centre)s AND unit = %(unit)s AND source = %(source)s
  AND fix_time > %(after)s AND fix_time <= %(until)s
ORDER BY fix_time
LIMIT %(limit)s
