-- Made, or changed to the next version if it has the one that is expected (NULL: any; 0: none may be there).
INSERT INTO geofences AS kept (centre, id, name, kind, polygon, units, agencies)
SELECT %(centre)s::text, %(id)s::text, %(name)s::text, %(kind)s::text, %(polygon)s::jsonb,
       %(units)s::text[], %(agencies)s::text[]
WHERE coalesce(%(expected)s::integer, 0) = 0
   OR EXISTS (SELECT FROM geofences WHERE centre = %(centre)s AND id = %(id)s)
ON CONFLICT (centre, id) DO UPDATE SET
    name = excluded.name, kind = excluded.kind, polygon = excluded.polygon, units = excluded.units,
    agencies = excluded.agencies, version = kept.version + 1
WHERE %(expected)s::integer IS NULL OR kept.version = %(expected)s
RETURNING id, name, kind, polygon, units, agencies, version
