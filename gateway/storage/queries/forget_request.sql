DELETE FROM answered_requests WHERE centre = %(centre)s AND key = %(key)s AND status IS NULL
