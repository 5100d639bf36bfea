SELECT hospital_code, made_at, attempts, done_at, dead_at, error
FROM referral_outbox WHERE centre = %(centre)s AND mission = %(mission)s ORDER BY n
