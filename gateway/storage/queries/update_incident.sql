UPDATE incidents SET
    urgency = %(urgency)s, latitude = %(latitude)s, longitude = %(longitude)s, name = %(name)s,
    destination = %(destination)s, destination_latitude = %(destination_latitude)s,
    destination_longitude = %(destination_longitude)s, destination_name = %(destination_name)s,
    closed_at = %(closed_at)s
WHERE centre = %(centre)s AND id = %(id)s
