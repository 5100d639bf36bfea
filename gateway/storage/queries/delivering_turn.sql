-- Whether nobody else delivers to the webhooks of this centre; held until the connection ends.
SELECT pg_try_advisory_lock(7446129, hashtext(%(centre)s))
