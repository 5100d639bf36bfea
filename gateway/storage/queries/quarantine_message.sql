INSERT INTO quarantine (centre, topic, reason, detail, payload, digest, first_seen, last_seen, times_seen)
VALUES (
    %(centre)s, %(topic)s, %(reason)s, %(detail)s, %(payload)s, sha256(%(payload)s), %(first)s, %(last)s, %(times)s
)
ON CONFLICT (centre, reason, topic, digest) DO UPDATE
SET first_seen = least(quarantine.first_seen, excluded.first_seen),
    last_seen = greatest(quarantine.last_seen, excluded.last_seen),
    times_seen = quarantine.times_seen + excluded.times_seen
