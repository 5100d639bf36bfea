-- Newest first: all, those that somebody is on, those of one incident or of one caller, or the one with this id.
SELECT id, at, line, number, said, latitude, longitude, incident, closed_at, closed_as, exercise
FROM calls
WHERE centre = %(centre)s
  AND (%(id)s::text IS NULL OR id = %(id)s)
  AND (%(incident)s::text IS NULL OR incident = %(incident)s)
  AND (%(caller)s::bytea IS NULL OR caller = %(caller)s)
  AND (NOT %(open_only)s OR (closed_at IS NULL AND incident IS NULL))
ORDER BY at DESC, id
LIMIT %(limit)s
