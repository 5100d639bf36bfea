INSERT INTO facility_points (centre, facility, source, latitude, longitude, finding, detail, told_at)
VALUES (%(centre)s, %(facility)s, %(source)s, %(latitude)s, %(longitude)s, %(finding)s, %(detail)s, %(told_at)s)
ON CONFLICT (centre, facility, source) DO UPDATE SET
    latitude = excluded.latitude, longitude = excluded.longitude, finding = excluded.finding,
    detail = excluded.detail, told_at = excluded.told_at
