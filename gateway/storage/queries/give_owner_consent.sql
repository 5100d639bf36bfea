INSERT INTO owner_consents (centre, owner, given_at, person, text_version)
VALUES (%(centre)s, %(owner)s, %(now)s, %(person)s, %(version)s)
