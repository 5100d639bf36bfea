INSERT INTO sops AS s (centre, kind, name, agencies, sop, urgency)
VALUES (%(centre)s, %(kind)s, %(name)s, %(agencies)s, %(sop)s, %(urgency)s)
ON CONFLICT (centre, kind) DO UPDATE
SET version = s.version + 1, name = excluded.name, agencies = excluded.agencies, sop = excluded.sop,
    urgency = excluded.urgency
WHERE (s.name, s.agencies, s.sop, s.urgency) IS DISTINCT FROM
      (excluded.name, excluded.agencies, excluded.sop, excluded.urgency)
