-- One at a time about a unit, until the end of the transaction: two that lock its stamps in two orders wait for ever.
SELECT pg_advisory_xact_lock(hashtextextended(%(centre)s || '/' || %(unit)s, 5119))
