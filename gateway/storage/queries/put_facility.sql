-- Made, or changed if it has the version that is expected (NULL: any; 0: none may be there).
INSERT INTO places AS kept (centre, id, kind, name, latitude, longitude, grade, capabilities, district, capacity,
                            beds, beds_at, diversion_because, diversion_until, handover, point, point_because, version)
VALUES (%(centre)s, %(id)s, %(kind)s, %(name)s, %(latitude)s, %(longitude)s, %(grade)s, %(capabilities)s, %(district)s,
        %(capacity)s, %(beds)s, %(beds_at)s, %(diversion_because)s, %(diversion_until)s, %(handover_s)s, %(point)s,
        %(point_because)s, %(version)s)
ON CONFLICT (centre, id) DO UPDATE SET
    kind = excluded.kind, name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude,
    grade = excluded.grade, capabilities = excluded.capabilities, district = excluded.district,
    capacity = excluded.capacity, beds = excluded.beds, beds_at = excluded.beds_at,
    diversion_because = excluded.diversion_because, diversion_until = excluded.diversion_until,
    handover = excluded.handover, point = excluded.point, point_because = excluded.point_because, version = excluded.version
WHERE %(expected)s::integer IS NULL OR kept.version = %(expected)s
