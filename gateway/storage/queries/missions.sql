-- Missions with their legs, a row a leg; by any of: id, unit, incident, under way, and a time that they overlap;
-- of the list what is behind one of its rows.
SELECT m.id, m.unit, m.incident, m.urgency, m.assigned_at, m.ended_at, m.ended_by, m.ended_why, m.notes,
       m.exercise,
       l.kind, l.latitude, l.longitude, l.name, l.started_at, l.arrived_at, l.arrived_by, l.left_at, l.left_by,
       l.departed_at, l.place
FROM (
    SELECT *
    FROM missions
    WHERE centre = %(centre)s
      AND (%(id)s::text IS NULL OR id = %(id)s)
      AND (%(unit)s::text IS NULL OR unit = %(unit)s)
      AND (%(incident)s::text IS NULL OR incident = %(incident)s)
      AND (NOT %(active)s OR ended_at IS NULL)
      AND (%(until)s::timestamptz IS NULL OR assigned_at <= %(until)s)
      AND (%(since)s::timestamptz IS NULL OR ended_at IS NULL OR ended_at >= %(since)s)
      AND (%(behind_at)s::timestamptz IS NULL OR assigned_at < %(behind_at)s
           OR (assigned_at = %(behind_at)s AND id > %(behind_id)s))
    ORDER BY assigned_at DESC, id
    LIMIT %(limit)s
) m
JOIN mission_legs l ON l.centre = m.centre AND l.mission = m.id
ORDER BY m.assigned_at DESC, m.id, l.ordinal
