INSERT INTO mission_events (centre, mission, ordinal, kind, raised_at, value, cleared_at)
VALUES (%(centre)s, %(mission)s, %(ordinal)s, %(kind)s, %(raised_at)s, %(value)s, %(cleared_at)s)
ON CONFLICT (centre, mission, ordinal, kind, raised_at) DO UPDATE SET cleared_at = excluded.cleared_at
