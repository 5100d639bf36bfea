SELECT EXISTS (SELECT FROM events WHERE centre = %(centre)s AND id < 0)
