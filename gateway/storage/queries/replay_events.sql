-- Its lane is that of gateway/storage/events.py.
INSERT INTO webhook_deliveries (centre, webhook, event, lane, state, since, next_at)
SELECT events.centre, webhooks.id, events.id, coalesce('units/' || events.unit, events.subject), 'waiting', %(now)s, %(now)s
FROM events
JOIN webhooks ON webhooks.centre = events.centre AND webhooks.id = %(webhook)s
    AND (webhooks.kinds = '{}' OR events.kind = ANY (webhooks.kinds))
    AND (webhooks.exercises OR NOT events.exercise)
WHERE events.centre = %(centre)s AND events.at >= %(since)s AND events.id > 0
ON CONFLICT (centre, webhook, event) DO UPDATE
SET state = 'waiting', since = excluded.since, next_at = excluded.next_at, attempts = 0, delivered_at = NULL
RETURNING lane
