-- Two incidents are one: what told of the first tells of the other.
UPDATE calls SET incident = %(into)s
WHERE centre = %(centre)s AND incident = %(incident)s
