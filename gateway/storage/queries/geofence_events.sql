-- Comings and goings, newest first.
SELECT geofence, unit, at, entered
FROM geofence_events
WHERE centre = %(centre)s AND geofence = %(geofence)s
ORDER BY at DESC, unit
LIMIT %(limit)s
