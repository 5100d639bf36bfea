-- Speed models of the centre, newest first.
SELECT version, made_at, region, extract, legs, until, report, body
FROM speed_models
WHERE centre = %(centre)s
ORDER BY made_at DESC, version
LIMIT %(limit)s
