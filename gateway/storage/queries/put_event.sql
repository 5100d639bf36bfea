INSERT INTO events (centre, kind, subject, unit, exercise, at, data)
VALUES (%(centre)s, %(kind)s, %(subject)s, %(unit)s, %(exercise)s, %(at)s, %(data)s)
