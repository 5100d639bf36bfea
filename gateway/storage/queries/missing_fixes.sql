-- The proof before the commit: how many staged keys are absent from the table. Anything but 0 rolls the batch back.
-- (INSERT ... SELECT ... ON CONFLICT into a compressed chunk was seen to stop at the first conflict and to say nothing:
-- timescaledb #7672.) LIMIT keeps this a look-up in the primary key per row: planned as a join it may read the whole table.
SELECT count(*)
FROM staged_fixes s
WHERE (
    SELECT true
    FROM fixes f
    WHERE f.centre = s.centre AND f.unit = s.unit AND f.source = s.source AND f.fix_time = s.fix_time
      AND f.fix_time BETWEEN %(earliest)s AND %(latest)s
    LIMIT 1
) IS NULL
