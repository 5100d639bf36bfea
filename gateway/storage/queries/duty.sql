-- What decides about duty from an instant on, for some units: schedules and changes since then, and the last before.
SELECT unit, since AS at, windows, NULL AS state, NULL::timestamptz AS until
FROM duty_schedules s
WHERE centre = %(centre)s AND unit = ANY (%(units)s) AND since >= coalesce((
    SELECT max(since) FROM duty_schedules WHERE centre = s.centre AND unit = s.unit AND since < %(from)s
), '-infinity')
UNION ALL
SELECT unit, at, NULL, state, until
FROM duty_changes d
WHERE centre = %(centre)s AND unit = ANY (%(units)s) AND at >= coalesce((
    SELECT max(at) FROM duty_changes WHERE centre = d.centre AND unit = d.unit AND at < %(from)s
), '-infinity')
