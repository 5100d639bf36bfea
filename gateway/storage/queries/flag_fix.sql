-- What the track says about one stored fix, in place of what it said before. By key values, as in fill_fix.
UPDATE fixes
SET quality = quality & ~%(track_flags)s | %(flags)s
WHERE centre = %(centre)s AND unit = %(unit)s AND source = %(source)s AND fix_time = %(fix_time)s
