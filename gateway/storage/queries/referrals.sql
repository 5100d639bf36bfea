-- The referral of a mission, or those of missions under way that may change and were last read before a time.
SELECT r.mission, r.system, r.number, r.hospital_code, r.hospital, r.diagnosis, r.state, r.task, r.attached_at,
    r.read_at, r.unknown_because
FROM referrals r
JOIN missions m ON m.centre = r.centre AND m.id = r.mission
WHERE r.centre = %(centre)s AND (
    r.mission = %(mission)s
    OR (m.ended_at IS NULL AND coalesce(r.read_at, '-infinity') < %(read_before)s)
)
ORDER BY r.read_at NULLS FIRST
