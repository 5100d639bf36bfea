SELECT id FROM incidents WHERE centre = %(centre)s AND reference = %(reference)s AND reference <> '' ORDER BY opened_at, id LIMIT 1
