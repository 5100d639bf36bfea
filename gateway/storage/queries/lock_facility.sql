SELECT id, kind, name, latitude, longitude, grade, capabilities, district, capacity, beds, beds_at,
       diversion_because, diversion_until, handover, point, point_because, version
FROM places WHERE centre = %(centre)s AND id = %(id)s FOR UPDATE
