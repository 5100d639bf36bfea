UPDATE closures
SET reason = %(reason)s, starts_at = %(starts_at)s, ends_at = %(ends_at)s, factor = %(factor)s,
    area = %(area)s::float8[], line = %(line)s::float8[], ways = %(ways)s::bigint[], ended_at = %(ended_at)s
WHERE centre = %(centre)s AND id = %(id)s
