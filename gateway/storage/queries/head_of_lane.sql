SELECT webhooks.url, webhooks.secret, deliveries.attempts, deliveries.since, deliveries.next_at,
       events.id, events.key, events.kind, events.subject, events.unit, events.exercise, events.at, events.data::text
FROM webhook_deliveries AS deliveries
JOIN webhooks ON webhooks.centre = deliveries.centre AND webhooks.id = deliveries.webhook AND webhooks.active
JOIN events ON events.centre = deliveries.centre AND events.id = deliveries.event
WHERE deliveries.centre = %(centre)s AND deliveries.webhook = %(webhook)s AND deliveries.lane = %(lane)s
  AND deliveries.state = 'waiting'
ORDER BY deliveries.event
LIMIT 1
