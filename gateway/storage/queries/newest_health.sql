SELECT unit, at, received_at, body
FROM unit_health
WHERE centre = %(centre)s AND (%(unit)s::text IS NULL OR unit = %(unit)s)
