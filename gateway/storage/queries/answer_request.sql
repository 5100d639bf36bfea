UPDATE answered_requests SET status = %(status)s, headers = %(headers)s, body = %(body)s
WHERE centre = %(centre)s AND key = %(key)s AND digest = %(digest)s
