INSERT INTO neighbours (centre, id, name, url, shares, area, districts)
VALUES (%(centre)s, %(id)s, %(name)s, %(url)s, %(shares)s, %(area)s, %(districts)s)
ON CONFLICT (centre, id) DO UPDATE SET
    name = excluded.name, url = excluded.url, shares = excluded.shares, area = excluded.area,
    districts = excluded.districts
