-- What was read of a referral; one that took its place meanwhile stays as it is.
UPDATE referrals
SET hospital_code = %(hospital_code)s, hospital = %(hospital)s, diagnosis = %(diagnosis)s, state = %(state)s,
    task = coalesce(%(task)s, task), read_at = %(read_at)s, unknown_because = %(unknown_because)s
WHERE centre = %(centre)s AND mission = %(mission)s AND system = %(system)s AND number = %(number)s
