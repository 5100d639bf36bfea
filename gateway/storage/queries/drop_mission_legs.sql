-- What is behind the last leg of a mission that lost its destination.
DELETE FROM mission_legs WHERE centre = %(centre)s AND mission = %(mission)s AND ordinal >= %(legs)s
