DELETE FROM handovers WHERE centre = %(centre)s AND incident = %(incident)s AND state = 'pending'
