-- Phones by unit, by OwnTracks user, by secret, or all, with the consent that stands.
SELECT p.unit, p.mqtt_user, p.private, p.enrolled_at, c.given_at, c.person, c.text_version
FROM phones p
LEFT JOIN consents c ON c.centre = p.centre AND c.unit = p.unit AND c.withdrawn_at IS NULL
WHERE p.centre = %(centre)s
  AND (%(all)s OR p.unit = ANY (%(units)s) OR p.mqtt_user = ANY (%(users)s) OR p.secret = %(secret)s)
ORDER BY p.unit
