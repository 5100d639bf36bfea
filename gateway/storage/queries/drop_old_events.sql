-- What still waits for a receiver, and what a person has to look at, is kept.
DELETE FROM events
WHERE centre = %(centre)s AND at < %(before)s AND id > 0
  AND NOT EXISTS (
      SELECT FROM webhook_deliveries AS each
      WHERE each.centre = events.centre AND each.event = events.id
        AND (each.state = 'waiting' OR (each.state = 'dead' AND events.at >= %(dead_before)s))
  )
