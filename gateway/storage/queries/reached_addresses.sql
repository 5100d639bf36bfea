-- When each address was last written to.
SELECT kind, address, max(begun_at) FROM reach_tries
WHERE centre = %(centre)s AND begun_at > %(since)s GROUP BY kind, address
