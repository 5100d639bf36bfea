-- Made, or changed to the next version if it has the one that is expected (NULL: any; 0: none may be there).
INSERT INTO unit_details AS kept (centre, unit, agency, capabilities, crew, crew_until, home, turnout, shifts, member)
SELECT %(centre)s::text, %(unit)s::text, %(agency)s::text, %(capabilities)s::text[], %(crew)s::smallint,
       %(crew_until)s::timestamptz, %(home)s::text, %(turnout_s)s::real, %(shifts)s::text,
       %(member)s::text
WHERE coalesce(%(expected)s::integer, 0) = 0
   OR EXISTS (SELECT FROM unit_details WHERE centre = %(centre)s AND unit = %(unit)s)
ON CONFLICT (centre, unit) DO UPDATE SET
    agency = excluded.agency, capabilities = excluded.capabilities, crew = excluded.crew,
    crew_until = excluded.crew_until, home = excluded.home, turnout = excluded.turnout, shifts = excluded.shifts,
    member = excluded.member, version = kept.version + 1
WHERE %(expected)s::integer IS NULL OR kept.version = %(expected)s
RETURNING unit, version, agency, capabilities, crew, crew_until, home, turnout, shifts, member
