UPDATE calls SET caller = NULL
WHERE centre = %(centre)s AND at < %(remembered)s AND caller IS NOT NULL
