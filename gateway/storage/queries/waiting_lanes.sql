SELECT DISTINCT webhook_deliveries.webhook, webhook_deliveries.lane
FROM webhook_deliveries
JOIN webhooks ON webhooks.centre = webhook_deliveries.centre AND webhooks.id = webhook_deliveries.webhook
WHERE webhook_deliveries.centre = %(centre)s AND state = 'waiting' AND webhooks.active
  AND (%(webhook)s::text IS NULL OR webhook_deliveries.webhook = %(webhook)s)
