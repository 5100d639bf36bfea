UPDATE consents SET withdrawn_at = greatest(%(now)s, given_at), withdrawn_by = %(by)s
WHERE centre = %(centre)s AND unit = %(unit)s AND withdrawn_at IS NULL
