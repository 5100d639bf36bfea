SELECT time_zone FROM centres WHERE id = %(id)s
