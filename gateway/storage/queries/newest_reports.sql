-- Of each unit: the newest status, answer and emergency, and the newest of each input.
SELECT DISTINCT ON (unit, kind, CASE WHEN kind = 'input' THEN value END) unit, outbox, seq, received_at, said_at, line
FROM reports
WHERE centre = %(centre)s
ORDER BY unit, kind, CASE WHEN kind = 'input' THEN value END, since DESC NULLS LAST, said_at DESC, outbox DESC, seq DESC
