-- Shares by id or token, or all.
SELECT id, name, incidents, kinds, units, crews, owner, begins_at, ends_at, made_by, revoked_at
FROM shares
WHERE centre = %(centre)s AND (id = %(id)s OR token = %(token)s OR (%(id)s::text IS NULL AND %(token)s::bytea IS NULL))
ORDER BY begins_at DESC, id
