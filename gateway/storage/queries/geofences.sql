SELECT id, name, kind, polygon, units, agencies, version FROM geofences WHERE centre = %(centre)s ORDER BY id
