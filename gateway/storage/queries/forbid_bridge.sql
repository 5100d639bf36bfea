-- The bridge speaks for this unit no more, by whatever radio.
WITH gone AS (
    DELETE FROM radios WHERE centre = %(centre)s AND bridge = %(bridge)s AND unit = %(unit)s
)
DELETE FROM bridge_units WHERE centre = %(centre)s AND bridge = %(bridge)s AND unit = %(unit)s
