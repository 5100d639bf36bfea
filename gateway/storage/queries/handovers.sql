SELECT incident, neighbour, reference, said_by, at, state, status::text, status_at
FROM handovers
WHERE centre = %(centre)s
  AND (%(incident)s::text IS NULL OR incident = %(incident)s)
  AND (NOT %(unsettled)s OR state IN ('pending', 'open'))
ORDER BY at
