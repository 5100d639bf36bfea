-- What a unit said from one time to before another, newest first.
SELECT unit, outbox, seq, received_at, said_at, line
FROM reports
WHERE centre = %(centre)s AND unit = %(unit)s
  AND (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND said_at >= %(from)s AND said_at < %(to)s
ORDER BY said_at DESC, outbox, seq DESC
LIMIT %(limit)s
