-- A second message of the same fix fills what the first left empty, and adds what it knows against the fix (that the
-- position was reckoned and not measured stands in GGA and not in RMC). Contradicting ones are left out by ordinal.
UPDATE fixes f
SET altitude   = coalesce(f.altitude, s.altitude),
    speed      = coalesce(f.speed, s.speed),
    course     = coalesce(f.course, s.course),
    mode       = coalesce(f.mode, s.mode),
    solution   = coalesce(f.solution, s.solution),
    satellites = coalesce(f.satellites, s.satellites),
    hdop       = coalesce(f.hdop, s.hdop),
    error      = coalesce(f.error, s.error),
    quality    = f.quality | s.quality
FROM (
    SELECT centre, unit, source, fix_time,
        (array_agg(altitude   ORDER BY ordinal) FILTER (WHERE altitude   IS NOT NULL))[1] AS altitude,
        (array_agg(speed      ORDER BY ordinal) FILTER (WHERE speed      IS NOT NULL))[1] AS speed,
        (array_agg(course     ORDER BY ordinal) FILTER (WHERE course     IS NOT NULL))[1] AS course,
        (array_agg(mode       ORDER BY ordinal) FILTER (WHERE mode       IS NOT NULL))[1] AS mode,
        (array_agg(solution   ORDER BY ordinal) FILTER (WHERE solution   IS NOT NULL))[1] AS solution,
        (array_agg(satellites ORDER BY ordinal) FILTER (WHERE satellites IS NOT NULL))[1] AS satellites,
        (array_agg(hdop       ORDER BY ordinal) FILTER (WHERE hdop       IS NOT NULL))[1] AS hdop,
        (array_agg(error      ORDER BY ordinal) FILTER (WHERE error      IS NOT NULL))[1] AS error,
        bit_or(quality) AS quality
    FROM staged_fixes
    WHERE NOT ordinal = ANY (%(left_out)s)
    GROUP BY centre, unit, source, fix_time
) s
WHERE f.centre = s.centre AND f.unit = s.unit AND f.source = s.source AND f.fix_time = s.fix_time
  AND f.fix_time BETWEEN %(earliest)s AND %(latest)s
  AND ((f.altitude   IS NULL AND s.altitude   IS NOT NULL)
    OR (f.speed      IS NULL AND s.speed      IS NOT NULL)
    OR (f.course     IS NULL AND s.course     IS NOT NULL)
    OR (f.mode       IS NULL AND s.mode       IS NOT NULL)
    OR (f.solution   IS NULL AND s.solution   IS NOT NULL)
    OR (f.satellites IS NULL AND s.satellites IS NOT NULL)
    OR (f.hdop       IS NULL AND s.hdop       IS NOT NULL)
    OR (f.error      IS NULL AND s.error      IS NOT NULL)
    OR f.quality | s.quality <> f.quality)
