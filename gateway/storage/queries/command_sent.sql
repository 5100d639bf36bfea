UPDATE commands SET sent_times = sent_times + 1, last_sent_at = %(at)s
WHERE centre = %(centre)s AND id = %(id)s
