SELECT id, name, url, shares, area::text, districts FROM neighbours WHERE centre = %(centre)s ORDER BY id
