INSERT INTO emergency_acks (centre, unit, since, acknowledged_at)
VALUES (%(centre)s, %(unit)s, %(since)s, %(at)s)
ON CONFLICT (centre, unit, since) DO NOTHING
