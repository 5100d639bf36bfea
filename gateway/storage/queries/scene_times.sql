-- How long units of this centre stayed at scenes: count, median and 90th percentile in seconds, newest missions first.
SELECT count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY stayed),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY stayed)
FROM (
    SELECT extract(epoch FROM l.left_at - l.arrived_at)::float8 AS stayed
    FROM mission_legs l
    JOIN real_missions m ON m.centre = l.centre AND m.id = l.mission
    WHERE l.centre = %(centre)s AND l.kind = 'to-scene' AND l.left_at > l.arrived_at
    ORDER BY m.assigned_at DESC
    LIMIT 500
) s
