-- Its version, 0 if nobody has put one; no other transaction puts it until this one ends.
INSERT INTO contact_lists AS known (centre, version) VALUES (%(centre)s, 0)
ON CONFLICT (centre) DO UPDATE SET version = known.version
RETURNING version
