INSERT INTO contacts (centre, id, position, name, role, channels, quiet)
VALUES (%(centre)s, %(id)s, %(position)s, %(name)s, %(role)s, %(channels)s, %(quiet)s)
