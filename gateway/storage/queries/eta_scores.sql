-- Every told arrival time whose leg has arrived, against what happened; grouped one way at a time, and all together.
-- What was told of a place that turned out to be the wrong one is not scored: the first leg starts anew with the right one.
-- error = what was told minus what it took: negative is too optimistic. Hours are the centre's own.
WITH told AS (
    SELECT e.p10, e.p50, e.p90, e.source, m.urgency, l.kind AS leg,
           extract(epoch FROM l.arrived_at - e.published_at)::float8 AS took,
           extract(hour FROM e.published_at AT TIME ZONE coalesce(c.time_zone, 'UTC'))::int AS hour,
           coalesce(d.name, 'unknown') AS district
    FROM etas e
    JOIN real_missions m ON m.centre = e.centre AND m.id = e.mission
    JOIN mission_legs l ON l.centre = e.centre AND l.mission = e.mission AND l.ordinal = e.ordinal
    JOIN mission_legs first ON first.centre = e.centre AND first.mission = e.mission AND first.ordinal = 0
    LEFT JOIN centres c ON c.id = e.centre
    LEFT JOIN unnest(%(missions)s::text[], %(ordinals)s::int[], %(districts)s::text[]) AS d (mission, ordinal, name)
           ON d.mission = e.mission AND d.ordinal = e.ordinal
    WHERE e.centre = %(centre)s AND e.published_at >= %(since)s AND e.published_at < %(until)s
      AND l.arrived_at > e.published_at AND (first.started_at IS NULL OR e.published_at >= first.started_at)
), scored AS (
    SELECT *, p50 - took AS error,
           (SELECT max(edge) FROM unnest(%(leads)s::float8[]) edge WHERE edge <= took) AS lead
    FROM told
)
SELECT lead, hour, urgency, source, leg, district, grouping(lead, hour, urgency, source, leg, district) AS ungrouped,
       count(*), avg(error), avg(abs(error)), avg(abs(error) / took), percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(error)),
       avg((abs(error) <= 0.25 * took)::int)::float8, avg((took BETWEEN p10 AND p90)::int)::float8
FROM scored
GROUP BY GROUPING SETS ((), (lead), (hour), (urgency), (source), (leg), (district))
ORDER BY ungrouped, lead, hour, urgency, source, leg, district
