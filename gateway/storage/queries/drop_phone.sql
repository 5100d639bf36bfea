DELETE FROM phones WHERE centre = %(centre)s AND unit = %(unit)s
