-- Where the legs lead whose told arrival times can be scored: what a place's district is asked for.
SELECT DISTINCT e.mission, e.ordinal, l.latitude, l.longitude
FROM etas e
JOIN real_missions m ON m.centre = e.centre AND m.id = e.mission
JOIN mission_legs l ON l.centre = e.centre AND l.mission = e.mission AND l.ordinal = e.ordinal
WHERE e.centre = %(centre)s AND e.published_at >= %(since)s AND e.published_at < %(until)s
  AND l.arrived_at > e.published_at
