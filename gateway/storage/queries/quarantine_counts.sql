SELECT reason, count(*) AS messages, sum(times_seen)::bigint AS times_seen
FROM quarantine
WHERE centre = %(centre)s
GROUP BY reason
ORDER BY reason
