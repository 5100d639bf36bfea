UPDATE commands SET outcome = 'expired', outcome_at = %(now)s, detail = 'the unit did not answer in time'
WHERE centre = %(centre)s AND (outcome IS NULL OR outcome = 'received') AND expires_at <= %(now)s
RETURNING id
