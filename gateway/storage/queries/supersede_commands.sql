-- What a newer command makes void: it is not sent any more.
UPDATE commands
SET outcome = 'superseded', outcome_at = %(at)s, detail = %(detail)s
WHERE centre = %(centre)s AND unit = %(unit)s AND kind = ANY(%(kinds)s) AND n < %(n)s
  AND (%(telling)s::boolean IS NULL OR (tells IS NOT NULL) = %(telling)s)
  AND (outcome IS NULL OR outcome = 'received')
RETURNING id
