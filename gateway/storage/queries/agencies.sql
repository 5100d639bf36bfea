SELECT id, name, kind, version FROM agencies WHERE centre = %(centre)s ORDER BY id
