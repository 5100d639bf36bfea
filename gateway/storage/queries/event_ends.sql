-- The number before the oldest event that is kept, and the newest there was.
SELECT coalesce((SELECT min(id) - 1 FROM events WHERE centre = numbers.centre AND id > 0), numbers.newest), numbers.newest
FROM event_numbers AS numbers
WHERE numbers.centre = %(centre)s
