-- How a unit stood before a time: after the last stamp of before, in the order in which they are judged.
SELECT after_status, after_since, after_mission, after_emergency_since
FROM stamps
WHERE centre = %(centre)s AND unit = %(unit)s AND at < %(since)s AND after_status IS NOT NULL AND NOT withdrawn
ORDER BY at DESC, array_position(ARRAY['gps', 'crew', 'dispatcher'], teller) DESC, server_time DESC, status DESC, raised DESC
LIMIT 1
