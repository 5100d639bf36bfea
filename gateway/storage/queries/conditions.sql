SELECT id, name, capabilities FROM conditions WHERE centre = %(centre)s ORDER BY id
