-- What each source says of where facilities are; of all, or of the one of this id.
SELECT facility, source, latitude, longitude, finding, detail, told_at
FROM facility_points
WHERE centre = %(centre)s AND (%(facility)s::text IS NULL OR facility = %(facility)s)
ORDER BY facility, source
