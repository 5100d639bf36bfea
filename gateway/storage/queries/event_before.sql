-- The number of the last event before a moment; those of that moment and later come behind it.
SELECT max(id) FROM events WHERE centre = %(centre)s AND at < %(at)s AND id > 0
