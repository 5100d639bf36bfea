-- The same model learned again is in use again.
INSERT INTO speed_models (centre, version, made_at, region, extract, legs, until, report, body)
VALUES (%(centre)s, %(version)s, %(made_at)s, %(region)s, %(extract)s, %(legs)s, %(until)s, %(report)s, %(body)s)
ON CONFLICT (centre, version) DO UPDATE SET made_at = excluded.made_at, report = excluded.report
