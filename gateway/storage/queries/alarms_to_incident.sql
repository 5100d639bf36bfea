-- Two incidents are one: what was raised of the first is of the other.
UPDATE alarms SET incident = %(into)s
WHERE centre = %(centre)s AND incident = %(incident)s
