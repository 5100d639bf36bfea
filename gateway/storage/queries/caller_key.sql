SELECT key FROM caller_keys WHERE centre = %(centre)s
