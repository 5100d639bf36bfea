-- Complete one stored fix. The key stands here as values and not as a join: TimescaleDB then opens only the compressed
-- batch of this unit and time; joined, it would decompress the whole window of the whole fleet first.
UPDATE fixes
SET altitude   = coalesce(altitude, %(altitude)s),
    speed      = coalesce(speed, %(speed)s),
    course     = coalesce(course, %(course)s),
    mode       = coalesce(mode, %(mode)s),
    solution   = coalesce(solution, %(solution)s),
    satellites = coalesce(satellites, %(satellites)s),
    hdop       = coalesce(hdop, %(hdop)s),
    error      = coalesce(error, %(error)s),
    quality    = quality | %(quality)s
WHERE centre = %(centre)s AND unit = %(unit)s AND source = %(source)s AND fix_time = %(fix_time)s
