INSERT INTO referrals (centre, mission, system, number, hospital_code, hospital, diagnosis, state, task, attached_at,
    read_at, unknown_because)
VALUES (%(centre)s, %(mission)s, %(system)s, %(number)s, %(hospital_code)s, %(hospital)s, %(diagnosis)s, %(state)s,
    %(task)s, %(attached_at)s, %(read_at)s, %(unknown_because)s)
ON CONFLICT (centre, mission) DO UPDATE
SET system = excluded.system, number = excluded.number, hospital_code = excluded.hospital_code,
    hospital = excluded.hospital, diagnosis = excluded.diagnosis, state = excluded.state, task = excluded.task,
    attached_at = excluded.attached_at, read_at = excluded.read_at, unknown_because = excluded.unknown_because
