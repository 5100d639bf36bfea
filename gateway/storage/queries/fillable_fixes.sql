-- What staged fixes can add to the stored fix of their key: what it left empty, and what is known against it.
-- (That the position was reckoned and not measured stands in GGA and not in RMC.) Contradicting ones are left out by ordinal.
SELECT s.centre, s.unit, s.source, s.fix_time,
    s.altitude, s.speed, s.course, s.mode, s.solution, s.satellites, s.hdop, s.error, s.quality
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
CROSS JOIN LATERAL (
    SELECT altitude, speed, course, mode, solution, satellites, hdop, error, quality
    FROM fixes
    WHERE centre = s.centre AND unit = s.unit AND source = s.source AND fix_time = s.fix_time
      AND fix_time BETWEEN %(earliest)s AND %(latest)s
    LIMIT 1 -- a look-up in the primary key per row, never a plan over the whole table
) f
WHERE (f.altitude   IS NULL AND s.altitude   IS NOT NULL)
   OR (f.speed      IS NULL AND s.speed      IS NOT NULL)
   OR (f.course     IS NULL AND s.course     IS NOT NULL)
   OR (f.mode       IS NULL AND s.mode       IS NOT NULL)
   OR (f.solution   IS NULL AND s.solution   IS NOT NULL)
   OR (f.satellites IS NULL AND s.satellites IS NOT NULL)
   OR (f.hdop       IS NULL AND s.hdop       IS NOT NULL)
   OR (f.error      IS NULL AND s.error      IS NOT NULL)
   OR f.quality | s.quality <> f.quality
