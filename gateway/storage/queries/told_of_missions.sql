-- What each unit was told last about where it is sent.
SELECT DISTINCT ON (unit) unit, n, tells
FROM commands
WHERE centre = %(centre)s AND tells IS NOT NULL
ORDER BY unit, n DESC
