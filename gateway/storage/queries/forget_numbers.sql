-- Who called and from where is kept as long as somebody may have to call back.
UPDATE calls c SET number = NULL, said = '', latitude = NULL, longitude = NULL
WHERE c.centre = %(centre)s AND c.at < %(recent)s
  AND (c.number IS NOT NULL OR c.said <> '' OR c.latitude IS NOT NULL)
  AND NOT EXISTS (
      SELECT FROM incidents i WHERE i.centre = c.centre AND i.id = c.incident AND i.closed_at IS NULL
  )
