SELECT n, unit, id, kind, mission, issued_at, expires_at, payload, sent_times, last_sent_at, outcome, outcome_at, detail
FROM commands
WHERE centre = %(centre)s AND unit = %(unit)s AND (%(id)s::text IS NULL OR id = %(id)s)
ORDER BY n DESC
LIMIT %(limit)s
