INSERT INTO caller_keys (centre, key) VALUES (%(centre)s, %(key)s)
ON CONFLICT (centre) DO NOTHING
