-- Nothing is told twice: a row that says the same already is left, and then none comes back.
INSERT INTO inbound_told (centre, mission, facility, state, aboard_at, arrives_at, told_at)
VALUES (%(centre)s, %(mission)s, %(facility)s, %(state)s, %(aboard_at)s, %(arrives_at)s, %(told_at)s)
ON CONFLICT (centre, mission, facility) DO UPDATE SET
    state = excluded.state, aboard_at = excluded.aboard_at, arrives_at = excluded.arrives_at, told_at = excluded.told_at
WHERE (inbound_told.state, inbound_told.aboard_at, inbound_told.arrives_at)
    IS DISTINCT FROM (excluded.state, excluded.aboard_at, excluded.arrives_at)
