-- The first word that is final stands. Whether there is such a command of this unit at all comes back.
WITH told AS (
    UPDATE commands SET outcome = %(outcome)s, outcome_at = %(at)s, detail = %(detail)s
    WHERE centre = %(centre)s AND unit = %(unit)s AND id = %(id)s
      AND (outcome IS NULL OR outcome IN ('received', 'superseded', 'expired'))
      AND (outcome IS DISTINCT FROM 'superseded' OR %(outcome)s <> 'received')
    RETURNING 1
)
SELECT EXISTS (SELECT FROM commands WHERE centre = %(centre)s AND unit = %(unit)s AND id = %(id)s)
