INSERT INTO webhooks (centre, id, url, kinds, secret, exercises, active, created_at, name)
VALUES (%(centre)s, %(id)s, %(url)s, %(kinds)s, %(secret)s, %(exercises)s, %(active)s, %(created_at)s, %(name)s)
ON CONFLICT (centre, id) DO NOTHING
