-- Newest first: all, those not cleared, one, or those raised since.
SELECT id, about, kind, unit, mission, incident, level, sound, raised_at, cleared_at, acknowledged_at, acknowledged_by,
       detail, rungs, exercise, "values"
FROM alarms
WHERE centre = %(centre)s
  AND (NOT %(open)s OR cleared_at IS NULL)
  AND (%(id)s::text IS NULL OR id = %(id)s)
  AND (%(since)s::timestamptz IS NULL OR raised_at >= %(since)s)
ORDER BY raised_at DESC, id
LIMIT %(limit)s
