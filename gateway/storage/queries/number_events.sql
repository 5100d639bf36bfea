WITH fresh AS (
    SELECT entry, row_number() OVER (ORDER BY entry) AS place
    FROM events
    WHERE centre = %(centre)s AND id IS NULL
    ORDER BY entry
    LIMIT %(limit)s
), head AS (
    UPDATE event_numbers SET newest = newest + (SELECT count(*) FROM fresh)
    WHERE centre = %(centre)s
    RETURNING newest - (SELECT count(*) FROM fresh) AS before
)
UPDATE events SET id = head.before + fresh.place
FROM fresh, head
WHERE events.entry = fresh.entry
RETURNING events.id, events.key, events.kind, events.subject, events.unit, events.exercise, events.at, events.data::text
