DELETE FROM conditions WHERE centre = %(centre)s AND id = %(id)s
