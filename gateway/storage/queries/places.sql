-- The centre's places, of one kind or all, or the one with this id.
SELECT id, kind, name, latitude, longitude
FROM places
WHERE centre = %(centre)s
  AND (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND (%(id)s::text IS NULL OR id = %(id)s)
ORDER BY id
