-- Only over the version that whoever changes it has seen.
UPDATE centre_rules
SET version = version + 1, escalation = %(escalation)s::jsonb, labels = %(labels)s::jsonb, changed_at = %(at)s
WHERE centre = %(centre)s AND version = %(version)s
