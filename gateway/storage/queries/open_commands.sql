SELECT n, unit, id, kind, mission, issued_at, expires_at, payload, sent_times, last_sent_at, outcome, outcome_at, detail
FROM commands
WHERE centre = %(centre)s AND (outcome IS NULL OR outcome = 'received')
ORDER BY n
