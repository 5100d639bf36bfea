-- The same id again inserts nothing: the caller compares what is there. A unit that is on another mission raises.
INSERT INTO missions (
    centre, id, unit, incident, urgency, assigned_at, ended_at, ended_by, ended_why, notes, exercise
)
VALUES (%(centre)s, %(id)s, %(unit)s, %(incident)s, %(urgency)s, %(assigned_at)s, %(ended_at)s,
        %(ended_by)s, %(ended_why)s, %(notes)s, %(exercise)s)
ON CONFLICT (centre, id) DO NOTHING
