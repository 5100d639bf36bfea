SELECT id, key, kind, subject, unit, exercise, at, data::text
FROM events
WHERE centre = %(centre)s AND id > %(after)s
ORDER BY id
LIMIT %(limit)s
