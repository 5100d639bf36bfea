DELETE FROM contacts WHERE centre = %(centre)s
