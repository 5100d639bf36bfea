UPDATE referral_outbox SET due_at = %(until)s, attempts = attempts + 1
WHERE n IN (
    SELECT n FROM referral_outbox
    WHERE centre = %(centre)s AND system = ANY (%(systems)s) AND done_at IS NULL AND dead_at IS NULL
      AND due_at <= %(now)s
    ORDER BY n LIMIT 10
    FOR UPDATE SKIP LOCKED
)
RETURNING n, mission, system, number, hospital_code, attempts, doubts
