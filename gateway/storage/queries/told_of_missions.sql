-- What each unit was told last about where it is sent.
SELECT DISTINCT ON (unit) unit, id, tells
FROM commands
WHERE centre = %(centre)s AND tells IS NOT NULL
ORDER BY unit, n DESC
