-- Staged fixes whose key is stored with another position or speed. The tolerances are the rounding of the wire:
-- ddmm.mmm is 0.0005' = 8e-6 degrees a step, two receivers' roundings make 2e-5; speed has steps of 0.1 knot or 1 km/h.
SELECT s.ordinal
FROM staged_fixes s
JOIN fixes f USING (centre, unit, source, fix_time)
WHERE f.fix_time BETWEEN %(earliest)s AND %(latest)s
  AND (abs(f.latitude - s.latitude) > 2e-5
    OR abs(f.longitude - s.longitude) > 2e-5
    OR abs(f.speed - s.speed) > 0.5)
ORDER BY s.ordinal
