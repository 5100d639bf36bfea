DELETE FROM answered_requests WHERE begun_at < now() - make_interval(secs => %(kept_s)s)
