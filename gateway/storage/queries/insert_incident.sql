-- The same id again inserts nothing: the caller compares what is there.
INSERT INTO incidents (
    centre, id, urgency, latitude, longitude, name,
    destination, destination_latitude, destination_longitude, destination_name, opened_at, closed_at
) VALUES (
    %(centre)s, %(id)s, %(urgency)s, %(latitude)s, %(longitude)s, %(name)s,
    %(destination)s, %(destination_latitude)s, %(destination_longitude)s, %(destination_name)s,
    %(opened_at)s, %(closed_at)s
)
ON CONFLICT (centre, id) DO NOTHING
