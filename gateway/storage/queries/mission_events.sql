-- What happened on a mission, in order.
SELECT ordinal, kind, raised_at, value, cleared_at
FROM mission_events
WHERE centre = %(centre)s AND mission = %(mission)s
ORDER BY raised_at, kind
