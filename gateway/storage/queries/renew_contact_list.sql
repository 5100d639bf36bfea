UPDATE contact_lists SET version = %(version)s WHERE centre = %(centre)s
