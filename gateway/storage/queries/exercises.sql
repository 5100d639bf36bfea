SELECT id, name, started_at, ended_at FROM exercises WHERE centre = %(centre)s ORDER BY started_at DESC LIMIT %(limit)s
