-- Every owner with its units and the consent that stands.
SELECT o.id, o.name,
    ARRAY(SELECT u.unit FROM owned_units u WHERE u.centre = o.centre AND u.owner = o.id ORDER BY u.unit),
    c.given_at, c.person, c.text_version
FROM owners o
LEFT JOIN owner_consents c ON c.centre = o.centre AND c.owner = o.id AND c.withdrawn_at IS NULL
WHERE o.centre = %(centre)s
ORDER BY o.id
