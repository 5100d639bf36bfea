SELECT id, name, role, channels, quiet FROM contacts WHERE centre = %(centre)s ORDER BY position
