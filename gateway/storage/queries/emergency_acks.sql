SELECT DISTINCT ON (unit) unit, since, acknowledged_at
FROM emergency_acks
WHERE centre = %(centre)s
ORDER BY unit, since DESC
