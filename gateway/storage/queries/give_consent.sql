INSERT INTO consents (centre, unit, given_at, person, text_version, recorded_by)
VALUES (%(centre)s, %(unit)s, %(now)s, %(person)s, %(version)s, %(by)s)
