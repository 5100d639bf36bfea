-- Which model is the newest, without its content.
SELECT version FROM speed_models WHERE centre = %(centre)s ORDER BY made_at DESC, version LIMIT 1
