INSERT INTO handovers (centre, incident, neighbour, reference, said_by, at, state, status, status_at)
VALUES (%(centre)s, %(incident)s, %(neighbour)s, %(reference)s, %(said_by)s, %(at)s, %(state)s, %(status)s,
        %(status_at)s)
ON CONFLICT (centre, incident) DO UPDATE SET
    neighbour = excluded.neighbour, reference = excluded.reference, said_by = excluded.said_by, at = excluded.at,
    state = excluded.state, status = excluded.status, status_at = excluded.status_at
