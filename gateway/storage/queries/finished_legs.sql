-- Drives that came to their end, the latest first, with what they were driven by.
SELECT m.id, l.ordinal, m.unit, coalesce(u.kind, ''), m.urgency, l.kind, l.started_at, l.arrived_at, l.arrived_by
FROM mission_legs l
JOIN real_missions m ON m.centre = l.centre AND m.id = l.mission
LEFT JOIN units u ON u.centre = m.centre AND u.id = m.unit
WHERE l.centre = %(centre)s AND l.arrived_at > l.started_at
  AND l.arrived_at >= %(since)s AND l.arrived_at < %(until)s
ORDER BY l.arrived_at DESC, m.id, l.ordinal
LIMIT %(limit)s
