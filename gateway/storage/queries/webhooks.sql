SELECT id, name, url, kinds, exercises, active, created_at,
       (SELECT count(*) FROM webhook_deliveries AS each
        WHERE each.centre = webhooks.centre AND each.webhook = webhooks.id AND each.state = 'waiting'),
       (SELECT count(*) FROM webhook_deliveries AS each
        WHERE each.centre = webhooks.centre AND each.webhook = webhooks.id AND each.state = 'dead')
FROM webhooks
WHERE centre = %(centre)s AND (%(id)s::text IS NULL OR id = %(id)s)
ORDER BY id
