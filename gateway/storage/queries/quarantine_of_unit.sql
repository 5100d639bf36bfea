-- What somebody sent before anybody allowed it, oldest first: messages whose topic is like the pattern.
SELECT id, topic, reason, detail, payload, first_seen, last_seen, times_seen
FROM quarantine
WHERE centre = %(centre)s AND reason IN ('not-enrolled', 'not-allowed') AND topic LIKE %(pattern)s AND id > %(after)s
ORDER BY id
LIMIT %(limit)s
