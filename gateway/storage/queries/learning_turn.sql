-- Whether nobody else learns the speeds of this centre; held until the connection ends.
SELECT pg_try_advisory_lock(7446128, hashtext(%(centre)s))
