INSERT INTO bridges (centre, id) VALUES (%(centre)s, %(bridge)s) ON CONFLICT (centre, id) DO NOTHING
