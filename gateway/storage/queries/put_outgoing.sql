INSERT INTO referral_outbox (centre, mission, system, number, hospital_code, key, made_at, due_at)
VALUES (%(centre)s, %(mission)s, %(system)s, %(number)s, %(hospital)s, %(key)s, %(now)s, %(now)s)
ON CONFLICT (centre, key) DO NOTHING
