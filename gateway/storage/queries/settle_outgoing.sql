UPDATE referral_outbox
SET task = %(task)s, done_at = %(done_at)s, dead_at = %(dead_at)s, due_at = coalesce(%(due_at)s, due_at),
    doubts = array_remove(doubts, %(certain)s::text), error = %(error)s
WHERE n = %(n)s
