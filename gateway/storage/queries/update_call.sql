UPDATE calls SET incident = %(incident)s, closed_at = %(closed_at)s, closed_as = %(closed_as)s
WHERE centre = %(centre)s AND id = %(id)s
