-- Missions that something was said about lately.
SELECT DISTINCT mission FROM reports
WHERE centre = %(centre)s AND mission IS NOT NULL AND received_at >= %(since)s
