SELECT unit, status, since, mission, emergency_since
FROM standings
WHERE centre = %(centre)s AND (%(unit)s::text IS NULL OR unit = %(unit)s)
