INSERT INTO shares (centre, id, token, name, incidents, kinds, units, crews, owner, begins_at, ends_at, made_by)
VALUES (%(centre)s, %(id)s, %(token)s, %(name)s, %(incidents)s, %(kinds)s, %(units)s, %(crews)s, %(owner)s,
    %(begins_at)s, %(ends_at)s, %(made_by)s)
