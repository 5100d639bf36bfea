-- Enrolled again, a phone has another secret: the one before is worth nothing any more.
INSERT INTO phones (centre, unit, secret, mqtt_user, private, enrolled_at)
VALUES (%(centre)s, %(unit)s, %(secret)s, %(user)s, %(private)s, %(now)s)
ON CONFLICT (centre, unit) DO UPDATE
SET secret = excluded.secret, mqtt_user = excluded.mqtt_user, private = excluded.private,
    enrolled_at = excluded.enrolled_at
