DELETE FROM webhooks WHERE centre = %(centre)s AND id = %(id)s
