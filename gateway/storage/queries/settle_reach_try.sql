UPDATE reach_tries SET outcome = %(outcome)s, settled_at = %(now)s, detail = %(detail)s
WHERE centre = %(centre)s AND key = %(key)s
