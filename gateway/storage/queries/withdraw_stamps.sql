-- What these stamps were made of says so no more.
UPDATE stamps SET withdrawn = true, stale_from = LEAST(stale_from, at)
WHERE centre = %(centre)s AND unit = %(unit)s AND key = ANY(%(keys)s) AND NOT withdrawn
