-- A statement of its own: the next one sees all that was committed by those who had this lock before.
INSERT INTO event_numbers (centre) VALUES (%(centre)s)
ON CONFLICT (centre) DO UPDATE SET newest = event_numbers.newest
