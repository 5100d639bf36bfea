-- Which unit was last seen to enter which geofence and did not leave it since.
SELECT geofence, unit FROM (
    SELECT DISTINCT ON (geofence, unit) geofence, unit, entered
    FROM geofence_events
    WHERE centre = %(centre)s
    ORDER BY geofence, unit, at DESC
) AS newest
WHERE entered
