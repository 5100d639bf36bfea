SELECT events.id, events.key, events.kind, events.subject, deliveries.lane, deliveries.state, deliveries.since,
       deliveries.next_at, deliveries.attempts, deliveries.last_at, deliveries.last_status, deliveries.last_error,
       deliveries.delivered_at
FROM webhook_deliveries AS deliveries
JOIN events ON events.centre = deliveries.centre AND events.id = deliveries.event
WHERE deliveries.centre = %(centre)s AND deliveries.webhook = %(webhook)s
  AND (%(state)s::text IS NULL OR deliveries.state = %(state)s)
  AND (%(before)s::bigint IS NULL OR deliveries.event < %(before)s)
ORDER BY deliveries.event DESC
LIMIT %(limit)s
