UPDATE stamps SET stale_from = NULL, refused_because = %(refused_because)s, after_status = %(after_status)s,
    after_since = %(after_since)s, after_mission = %(after_mission)s, after_emergency_since = %(after_emergency_since)s
WHERE centre = %(centre)s AND unit = %(unit)s AND key = %(key)s
