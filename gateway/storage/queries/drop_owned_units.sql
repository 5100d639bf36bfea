DELETE FROM owned_units WHERE centre = %(centre)s AND owner = %(owner)s AND unit <> ALL (%(units)s)
