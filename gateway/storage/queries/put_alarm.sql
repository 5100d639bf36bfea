-- Raise it, or change one that was raised. What it is of is raised once.
INSERT INTO alarms (
    centre, id, about, kind, unit, mission, incident, level, sound, raised_at, cleared_at, acknowledged_at, acknowledged_by,
    detail, rungs, exercise, "values"
) VALUES (
    %(centre)s, %(id)s, %(about)s, %(kind)s, %(unit)s, %(mission)s, %(incident)s, %(level)s, %(sound)s, %(raised_at)s,
    %(cleared_at)s, %(acknowledged_at)s, %(acknowledged_by)s, %(detail)s, %(rungs)s, %(exercise)s, %(values)s
)
ON CONFLICT (centre, id) DO UPDATE SET
    level = excluded.level, sound = excluded.sound, cleared_at = excluded.cleared_at,
    acknowledged_at = excluded.acknowledged_at, acknowledged_by = excluded.acknowledged_by, detail = excluded.detail,
    rungs = excluded.rungs, "values" = excluded."values"
