INSERT INTO commands_held (centre, holder, since, said_by) VALUES (%(centre)s, %(holder)s, %(since)s, %(said_by)s)
