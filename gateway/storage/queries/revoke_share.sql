UPDATE shares SET revoked_at = %(now)s WHERE centre = %(centre)s AND id = %(id)s AND revoked_at IS NULL
