UPDATE exercises SET ended_at = greatest(started_at, %(at)s) WHERE centre = %(centre)s AND ended_at IS NULL
RETURNING id, name, started_at, ended_at
