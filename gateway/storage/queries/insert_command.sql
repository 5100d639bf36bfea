INSERT INTO commands (n, centre, unit, id, kind, mission, issued_at, expires_at, payload, tells)
OVERRIDING SYSTEM VALUE
VALUES (
    %(n)s, %(centre)s, %(unit)s, %(id)s, %(kind)s, %(mission)s, %(issued_at)s, %(expires_at)s, %(payload)s, %(tells)s
)
