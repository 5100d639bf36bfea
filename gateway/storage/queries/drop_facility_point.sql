DELETE FROM facility_points WHERE centre = %(centre)s AND facility = %(facility)s AND source = %(source)s
