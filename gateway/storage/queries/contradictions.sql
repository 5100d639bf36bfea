-- Staged fixes that contradict what is stored under their key, in position or speed; where the stored one has no speed,
-- those that contradict the first staged speed, which will fill it: as if the rows had come one by one.
-- The tolerances are the rounding of the wire: ddmm.mmm is 0.0005' = 8e-6 degrees a step, two receivers' roundings make
-- 2e-5; speed has steps of 0.1 knot or 1 km/h.
SELECT ordinal
FROM (
    SELECT ordinal, speed, apart,
        coalesce(stored_speed, first_value(speed) OVER (
            PARTITION BY centre, unit, source, fix_time ORDER BY apart, speed IS NULL, ordinal
        )) AS known_speed
    FROM (
        SELECT s.centre, s.unit, s.source, s.fix_time, s.ordinal, s.speed, f.speed AS stored_speed,
            abs(f.latitude - s.latitude) > 2e-5 OR abs(f.longitude - s.longitude) > 2e-5 AS apart
        FROM staged_fixes s
        CROSS JOIN LATERAL (
            SELECT latitude, longitude, speed
            FROM fixes
            WHERE centre = s.centre AND unit = s.unit AND source = s.source AND fix_time = s.fix_time
              AND fix_time BETWEEN %(earliest)s AND %(latest)s
            LIMIT 1 -- a look-up in the primary key per row, never a plan over the whole table
        ) f
    ) compared
) judged
WHERE apart OR abs(speed - known_speed) > 0.5
ORDER BY ordinal
