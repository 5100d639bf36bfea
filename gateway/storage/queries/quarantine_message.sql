INSERT INTO quarantine (centre, topic, reason, detail, payload, digest, first_seen, last_seen)
VALUES (%(centre)s, %(topic)s, %(reason)s, %(detail)s, %(payload)s, sha256(%(payload)s), %(seen)s, %(seen)s)
ON CONFLICT (centre, reason, topic, digest) DO UPDATE
SET last_seen = greatest(quarantine.last_seen, excluded.last_seen), times_seen = quarantine.times_seen + 1
