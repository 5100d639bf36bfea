-- The newest by the unit's own clock, unless that was set back: then what came an hour later is newer all the same.
INSERT INTO unit_health (centre, unit, at, received_at, body)
VALUES (%(centre)s, %(unit)s, %(at)s, %(received_at)s, %(body)s)
ON CONFLICT (centre, unit) DO UPDATE
SET at = excluded.at, received_at = excluded.received_at, body = excluded.body
WHERE excluded.at >= unit_health.at OR excluded.received_at >= unit_health.received_at + interval '1 hour'
