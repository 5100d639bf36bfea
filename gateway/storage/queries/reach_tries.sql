-- Tries for some alarms, in order.
SELECT alarm, step, attempt, contact, kind, address, key, begun_at, outcome, settled_at, detail
FROM reach_tries WHERE centre = %(centre)s AND alarm = ANY (%(alarms)s) ORDER BY n
