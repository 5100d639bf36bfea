-- What is remembered of one caller: each real call, and whether it was a prank: it was closed as one, or its incident was.
SELECT c.at, coalesce(c.closed_as = 'prank', false) OR coalesce(i.closed_as = 'prank', false) AS prank
FROM calls c
LEFT JOIN incidents i ON i.centre = c.centre AND i.id = c.incident
WHERE c.centre = %(centre)s AND c.caller = %(caller)s AND NOT c.exercise
