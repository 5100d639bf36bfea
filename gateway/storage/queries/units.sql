SELECT id, name, kind FROM units WHERE centre = %(centre)s ORDER BY id
