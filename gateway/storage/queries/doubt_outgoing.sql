UPDATE referral_outbox SET doubts = doubts || %(identifier)s::text WHERE n = %(n)s
