-- Every bridge of a centre with the units it may speak for, and whose its radios are.
SELECT b.id,
    ARRAY(SELECT unit FROM bridge_units WHERE centre = b.centre AND bridge = b.id ORDER BY unit),
    ARRAY(SELECT radio FROM radios WHERE centre = b.centre AND bridge = b.id ORDER BY radio),
    ARRAY(SELECT unit FROM radios WHERE centre = b.centre AND bridge = b.id ORDER BY radio)
FROM bridges b
WHERE b.centre = %(centre)s
ORDER BY b.id
