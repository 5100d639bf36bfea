-- Who commanded the centre, the newest first.
SELECT holder, since, said_by FROM commands_held WHERE centre = %(centre)s ORDER BY n DESC LIMIT %(limit)s
