-- The same id again inserts nothing: the caller compares what is there.
INSERT INTO incidents (
    centre, id, urgency, latitude, longitude, name,
    destination, destination_latitude, destination_longitude, destination_name, opened_at, closed_at,
    kind, agencies, capabilities, notes, exercise, member, reference, closed_as, duplicate_of, condition, version
) VALUES (
    %(centre)s, %(id)s, %(urgency)s, %(latitude)s, %(longitude)s, %(name)s,
    %(destination)s, %(destination_latitude)s, %(destination_longitude)s, %(destination_name)s,
    %(opened_at)s, %(closed_at)s,
    %(kind)s, %(agencies)s, %(capabilities)s, %(notes)s, %(exercise)s, %(member)s, %(reference)s,
    %(closed_as)s, %(duplicate_of)s, %(condition)s, %(version)s
)
ON CONFLICT (centre, id) DO NOTHING
