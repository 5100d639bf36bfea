UPDATE owner_consents SET withdrawn_at = %(now)s
WHERE centre = %(centre)s AND owner = %(owner)s AND withdrawn_at IS NULL
