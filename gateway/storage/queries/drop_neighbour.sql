DELETE FROM neighbours WHERE centre = %(centre)s AND id = %(id)s
