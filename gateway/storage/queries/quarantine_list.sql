SELECT id, topic, reason, detail, payload, first_seen, last_seen, times_seen
FROM quarantine
WHERE centre = %(centre)s
ORDER BY last_seen DESC, id DESC
LIMIT %(limit)s
