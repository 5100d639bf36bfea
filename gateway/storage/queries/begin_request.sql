-- Takes the key: a new one, one that is a day old, or one whose worker is gone and that comes again with the same words.
INSERT INTO answered_requests AS kept (centre, key, digest, begun_at)
VALUES (%(centre)s, %(key)s, %(digest)s, now())
ON CONFLICT (centre, key) DO UPDATE SET
    digest = excluded.digest, begun_at = excluded.begun_at, status = NULL, headers = NULL, body = NULL
WHERE kept.begun_at < now() - make_interval(secs => %(kept_s)s)
   OR (kept.status IS NULL AND kept.digest = excluded.digest
       AND kept.begun_at < now() - make_interval(secs => %(abandoned_s)s))
