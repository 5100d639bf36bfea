-- What a unit sent before it was enrolled, oldest first. Its topics all begin alike.
SELECT id, topic, reason, detail, payload, first_seen, last_seen, times_seen
FROM quarantine
WHERE centre = %(centre)s AND reason = 'not-enrolled' AND starts_with(topic, %(prefix)s) AND id > %(after)s
ORDER BY id
LIMIT %(limit)s
