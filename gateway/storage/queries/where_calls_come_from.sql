-- Where incidents were since a time, in cells of about 2 km: middle of each cell's incidents and their number, the most first.
SELECT avg(latitude)::float8, avg(longitude)::float8, count(*)
FROM incidents
WHERE centre = %(centre)s AND opened_at >= %(since)s AND NOT exercise
  AND (closed_as IS NULL OR closed_as NOT IN ('information', 'prank', 'duplicate'))
GROUP BY round(latitude / 0.02), round(longitude / 0.02)
ORDER BY count(*) DESC, 1, 2
LIMIT %(limit)s
