-- Made, or changed to the next version if it has the one that is expected (NULL: any; 0: none may be there).
INSERT INTO agencies AS kept (centre, id, name, kind)
SELECT %(centre)s::text, %(id)s::text, %(name)s::text, %(kind)s::text
WHERE coalesce(%(expected)s::integer, 0) = 0
   OR EXISTS (SELECT FROM agencies WHERE centre = %(centre)s AND id = %(id)s)
ON CONFLICT (centre, id) DO UPDATE SET name = excluded.name, kind = excluded.kind, version = kept.version + 1
WHERE %(expected)s::integer IS NULL OR kept.version = %(expected)s
RETURNING id, name, kind, version
