INSERT INTO closures (centre, id, reason, starts_at, ends_at, factor, area, line, ways, made_at, ended_at)
VALUES (
    %(centre)s, %(id)s, %(reason)s, %(starts_at)s, %(ends_at)s, %(factor)s, %(area)s::float8[], %(line)s::float8[],
    %(ways)s::bigint[], %(made_at)s, %(ended_at)s
)
ON CONFLICT (centre, id) DO NOTHING
