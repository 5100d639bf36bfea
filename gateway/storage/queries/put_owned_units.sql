INSERT INTO owned_units (centre, unit, owner) SELECT %(centre)s, unnest(%(units)s::text[]), %(owner)s
ON CONFLICT (centre, unit) DO UPDATE SET owner = excluded.owner
