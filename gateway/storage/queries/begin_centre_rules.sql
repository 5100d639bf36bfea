INSERT INTO centre_rules (centre, escalation, labels, begun_at, changed_at)
VALUES (%(centre)s, %(escalation)s::jsonb, %(labels)s::jsonb, %(at)s, %(at)s)
ON CONFLICT (centre) DO NOTHING
