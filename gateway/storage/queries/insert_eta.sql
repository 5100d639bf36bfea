INSERT INTO etas (
    centre, mission, ordinal, published_at, fix_time, p10, p50, p90, source, distance, model
) VALUES (
    %(centre)s, %(mission)s, %(ordinal)s, %(published_at)s, %(fix_time)s, %(p10)s, %(p50)s, %(p90)s,
    %(source)s, %(distance)s, %(model)s
)
ON CONFLICT (centre, mission, ordinal, published_at) DO NOTHING
