-- Whoever comes second gets nothing: two gateways do not send the same.
INSERT INTO reach_tries (centre, alarm, step, attempt, contact, kind, address, key, begun_at)
VALUES (%(centre)s, %(alarm)s, %(step)s, %(attempt)s, %(contact)s, %(kind)s, %(address)s, %(key)s, %(begun_at)s)
ON CONFLICT (centre, alarm, step, attempt) DO NOTHING
