-- Closures of the centre, by start: all, those that are not over at a moment, or the one of an id.
SELECT id, reason, starts_at, ends_at, factor, area, line, ways, made_at, ended_at
FROM closures
WHERE centre = %(centre)s
  AND (%(id)s::text IS NULL OR id = %(id)s)
  AND (%(now)s::timestamptz IS NULL OR (ended_at IS NULL AND (ends_at IS NULL OR ends_at > %(now)s)))
ORDER BY starts_at DESC, id
LIMIT %(limit)s
