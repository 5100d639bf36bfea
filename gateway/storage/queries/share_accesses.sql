SELECT at, address, what, shown, refused
FROM share_accesses WHERE centre = %(centre)s AND share = %(share)s ORDER BY n DESC LIMIT %(limit)s
