DELETE FROM geofences
WHERE centre = %(centre)s AND id = %(id)s AND (%(expected)s::integer IS NULL OR version = %(expected)s)
