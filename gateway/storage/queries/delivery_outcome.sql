-- What was asked for anew meanwhile (it began to wait later) goes out once more.
UPDATE webhook_deliveries
SET state = %(state)s, next_at = %(next_at)s, attempts = attempts + 1, last_at = %(at)s,
    last_status = %(status)s, last_error = %(error)s,
    delivered_at = CASE WHEN %(state)s = 'delivered' THEN %(at)s::timestamptz END
WHERE centre = %(centre)s AND webhook = %(webhook)s AND event = %(event)s AND since = %(since)s
