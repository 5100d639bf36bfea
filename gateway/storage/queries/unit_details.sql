SELECT unit, version, agency, capabilities, crew, crew_until, home, turnout, shifts, member
FROM unit_details WHERE centre = %(centre)s ORDER BY unit
