-- Newest first: all, the open ones, or the one with this id; of the list what is behind one of its rows.
SELECT id, urgency, latitude, longitude, name,
       destination, destination_latitude, destination_longitude, destination_name, opened_at, closed_at,
       kind, agencies, capabilities, notes, exercise, member, reference, closed_as, duplicate_of, condition, version
FROM incidents
WHERE centre = %(centre)s
  AND (%(id)s::text IS NULL OR id = %(id)s)
  AND (NOT %(open_only)s OR closed_at IS NULL)
  AND (%(behind_at)s::timestamptz IS NULL OR opened_at < %(behind_at)s
       OR (opened_at = %(behind_at)s AND id > %(behind_id)s))
ORDER BY opened_at DESC, id
LIMIT %(limit)s
