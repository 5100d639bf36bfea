UPDATE missions SET urgency = %(urgency)s, ended_at = %(ended_at)s, ended_by = %(ended_by)s,
    ended_why = %(ended_why)s, notes = %(notes)s
WHERE centre = %(centre)s AND id = %(id)s
