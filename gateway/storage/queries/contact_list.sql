SELECT version FROM contact_lists WHERE centre = %(centre)s
