UPDATE webhooks
SET url = %(url)s, kinds = %(kinds)s, exercises = %(exercises)s, active = %(active)s, name = %(name)s,
    secret = coalesce(%(secret)s, secret)
WHERE centre = %(centre)s AND id = %(id)s
