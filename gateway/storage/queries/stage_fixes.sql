COPY staged_fixes (
    ordinal, centre, unit, source, fix_time, received_at, latitude, longitude, altitude, speed, course,
    mode, solution, satellites, hdop, error, quality, outbox, sequence
) FROM STDIN (FORMAT BINARY)
