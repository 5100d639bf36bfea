-- First come, first stored. The row count says how many were new; the rows, which, are fetched only where it differs.
INSERT INTO fixes (
    centre, unit, source, fix_time, received_at, latitude, longitude, altitude, speed, course,
    mode, solution, satellites, hdop, error, quality, outbox, sequence
)
SELECT DISTINCT ON (centre, unit, source, fix_time)
    centre, unit, source, fix_time, received_at, latitude, longitude, altitude, speed, course,
    mode, solution, satellites, hdop, error, quality, outbox, sequence
FROM staged_fixes
ORDER BY centre, unit, source, fix_time, ordinal
ON CONFLICT (centre, unit, fix_time, source) DO NOTHING
RETURNING centre, unit, source, fix_time
