INSERT INTO geofence_events (centre, geofence, unit, at, entered)
VALUES (%(centre)s, %(geofence)s, %(unit)s, %(at)s, %(entered)s)
ON CONFLICT DO NOTHING
