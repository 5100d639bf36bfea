-- What a mission's unit said about it: statuses and answers that name it, and statuses of its time that name none.
SELECT unit, outbox, seq, received_at, said_at, line
FROM reports
WHERE centre = %(centre)s AND unit = %(unit)s AND kind IN ('status', 'answer')
  AND (
      mission = %(mission)s
      OR (mission IS NULL AND said_at >= %(since)s AND (%(until)s::timestamptz IS NULL OR said_at <= %(until)s))
  )
ORDER BY said_at, outbox, seq
