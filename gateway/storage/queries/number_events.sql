WITH fresh AS (
    SELECT id, row_number() OVER (ORDER BY id DESC) AS place
    FROM events
    WHERE centre = %(centre)s AND id < 0
    ORDER BY id DESC
    LIMIT %(limit)s
), head AS (
    UPDATE event_numbers SET newest = newest + (SELECT count(*) FROM fresh)
    WHERE centre = %(centre)s
    RETURNING newest - (SELECT count(*) FROM fresh) AS before
)
UPDATE events SET id = head.before + fresh.place
FROM fresh, head
WHERE events.centre = %(centre)s AND events.id = fresh.id
RETURNING events.id, events.key, events.kind, events.subject, events.unit, events.exercise, events.at, events.data::text
