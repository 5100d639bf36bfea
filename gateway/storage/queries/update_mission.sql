UPDATE missions SET urgency = %(urgency)s, ended_at = %(ended_at)s
WHERE centre = %(centre)s AND id = %(id)s
