DELETE FROM quarantine WHERE centre = %(centre)s AND id = ANY (%(ids)s)
