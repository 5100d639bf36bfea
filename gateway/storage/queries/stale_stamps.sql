-- Units with something to judge, and from when on.
SELECT unit, min(stale_from) FROM stamps WHERE centre = %(centre)s AND stale_from IS NOT NULL GROUP BY unit ORDER BY unit
