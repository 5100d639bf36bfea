-- Two incidents are one: what was sent to the first goes to the other.
UPDATE missions SET incident = %(into)s
WHERE centre = %(centre)s AND incident = %(incident)s
