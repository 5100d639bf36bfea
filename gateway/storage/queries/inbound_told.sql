SELECT mission, facility, state, aboard_at, arrives_at, told_at
FROM inbound_told
WHERE centre = %(centre)s AND state = 'inbound'
