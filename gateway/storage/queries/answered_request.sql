SELECT digest, status, headers, body FROM answered_requests WHERE centre = %(centre)s AND key = %(key)s
