-- Only over the version that was read: who was overtaken changes nothing.
UPDATE incidents SET
    urgency = %(urgency)s, latitude = %(latitude)s, longitude = %(longitude)s, name = %(name)s,
    destination = %(destination)s, destination_latitude = %(destination_latitude)s,
    destination_longitude = %(destination_longitude)s, destination_name = %(destination_name)s,
    closed_at = %(closed_at)s, kind = %(kind)s, agencies = %(agencies)s, capabilities = %(capabilities)s,
    notes = %(notes)s, exercise = %(exercise)s, member = %(member)s, reference = %(reference)s,
    closed_as = %(closed_as)s, duplicate_of = %(duplicate_of)s, condition = %(condition)s, version = %(version)s
WHERE centre = %(centre)s AND id = %(id)s AND version = %(version)s - 1
