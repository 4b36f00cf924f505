-- Incident: as it stood at the end of the range. Its body is the incident of the API, as JSON.

-- name: status
SELECT
    argMax(t.status, t.sequence) AS status,
    argMax(t.severity, t.sequence) AS severity,
    argMax(t.cause, t.sequence) AS likeliest
FROM incident_transitions AS t
WHERE t.incident_id = ${incident:sqlstring}
    AND t.at <= $__toTime
GROUP BY t.incident_id

-- name: summary
SELECT
    argMax(t.summary, t.sequence) AS summary,
    argMax(t.started_at, t.sequence) AS began_at,
    minIfOrNull(t.at, t.status = 'firing') AS fired_at,
    maxIfOrNull(t.at, t.status = 'resolved') AS resolved_at,
    any(t.rule) AS rule,
    any(t.incident_id) AS incident
FROM incident_transitions AS t
WHERE t.incident_id = ${incident:sqlstring}
    AND t.at <= $__toTime
GROUP BY t.incident_id

-- name: hypotheses
WITH assumeNotNull((SELECT argMax(t.incident, t.sequence) FROM incident_transitions AS t WHERE t.incident_id = ${incident:sqlstring} AND t.at <= $__toTime)) AS body
SELECT hypothesis.1 AS cause, hypothesis.2 AS probability
FROM (SELECT arrayJoin(JSONExtract(body, 'hypotheses', 'Array(Tuple(cause String, probability Float64))')) AS hypothesis)
WHERE probability >= 0.005
ORDER BY probability DESC
LIMIT 10

-- name: next_step
WITH
    assumeNotNull((SELECT argMax(t.incident, t.sequence) FROM incident_transitions AS t WHERE t.incident_id = ${incident:sqlstring} AND t.at <= $__toTime)) AS body,
    JSONExtractRaw(body, 'next_step') AS step
SELECT 'do' AS step_part, JSONExtractString(step, 'action') AS words, arrayStringConcat(JSONExtract(step, 'discriminates', 'Array(String)'), ', ') AS causes
WHERE step != ''
UNION ALL
SELECT 'if it shows' AS step_part, outcome.1 AS words, arrayStringConcat(outcome.2, ', ') AS causes
FROM (SELECT arrayJoin(JSONExtract(step, 'outcomes', 'Array(Tuple(if String, then Array(String)))')) AS outcome)
LIMIT 20

-- name: facts
WITH assumeNotNull((SELECT argMax(t.incident, t.sequence) FROM incident_transitions AS t WHERE t.incident_id = ${incident:sqlstring} AND t.at <= $__toTime)) AS body
SELECT if(fact.3, 'symptom', 'fine') AS observed, fact.2 AS statement, fact.4 AS sql
FROM (SELECT arrayJoin(JSONExtract(body, 'facts', 'Array(Tuple(id String, statement String, observed Bool, sql String))')) AS fact)
ORDER BY fact.3 DESC
LIMIT 200

-- name: unknowns
WITH assumeNotNull((SELECT argMax(t.incident, t.sequence) FROM incident_transitions AS t WHERE t.incident_id = ${incident:sqlstring} AND t.at <= $__toTime)) AS body
SELECT unknown.2 AS statement
FROM (SELECT arrayJoin(JSONExtract(body, 'unknowns', 'Array(Tuple(id String, statement String))')) AS unknown)
LIMIT 200

-- name: arguments
-- For and against are ids of facts: here in the facts' own words.
WITH
    assumeNotNull((SELECT argMax(t.incident, t.sequence) FROM incident_transitions AS t WHERE t.incident_id = ${incident:sqlstring} AND t.at <= $__toTime)) AS body,
    JSONExtract(body, 'facts', 'Array(Tuple(id String, statement String))') AS facts,
    JSONExtract(body, 'unknowns', 'Array(Tuple(id String, statement String))') AS unknowns
SELECT
    JSONExtractString(hypothesis, 'cause') AS cause,
    JSONExtractFloat(hypothesis, 'probability') AS probability,
    JSONExtractString(hypothesis, 'explanation') AS explanation,
    arrayStringConcat(arrayMap(f -> f.2, arrayFilter(f -> has(JSONExtract(hypothesis, 'for', 'Array(String)'), f.1), facts)), '; ') AS speaks_for,
    arrayStringConcat(arrayMap(f -> f.2, arrayFilter(f -> has(JSONExtract(hypothesis, 'against', 'Array(String)'), f.1), facts)), '; ') AS speaks_against,
    arrayStringConcat(arrayMap(f -> f.2, arrayFilter(f -> has(JSONExtract(hypothesis, 'missing', 'Array(String)'), f.1), unknowns)), '; ') AS would_tell
FROM (SELECT arrayJoin(JSONExtractArrayRaw(body, 'hypotheses')) AS hypothesis)
ORDER BY probability DESC
LIMIT 10

-- name: affected
WITH (SELECT argMax(t.channels, t.sequence) FROM incident_transitions AS t WHERE t.incident_id = ${incident:sqlstring} AND t.at <= $__toTime) AS affected
SELECT channel_id AS channel, state, why, to_agent, to_server, site, agent_version AS version, gateway
FROM fleet_at(at = $__toTime)
WHERE has(affected, channel_id)
ORDER BY channel_id
LIMIT 500

-- name: shared
-- Attributes that all affected channels carry with one value; `others` tells whether that is telling.
WITH (SELECT argMax(t.channels, t.sequence) FROM incident_transitions AS t WHERE t.incident_id = ${incident:sqlstring} AND t.at <= $__toTime) AS affected
SELECT
    attribute,
    anyIf(value, is_affected) AS shared_value,
    countIf(is_affected) AS broken_with_it,
    countIf(NOT is_affected AND value = value_of_affected) AS others_with_it
FROM
(
    SELECT
        attribute,
        value,
        is_affected,
        anyIf(value, is_affected) OVER (PARTITION BY attribute) AS value_of_affected
    FROM
    (
        SELECT
            has(affected, channel_id) AS is_affected,
            pair.1 AS attribute,
            pair.2 AS value
        FROM
        (
            SELECT channel_id, arrayJoin([('site', site), ('version', agent_version), ('gateway', gateway), ('transport', transport)]) AS pair
            FROM fleet_at(at = $__toTime)
        )
    )
)
GROUP BY attribute
HAVING uniqExactIf(value, is_affected) = 1 AND shared_value != ''
ORDER BY others_with_it, attribute
LIMIT 10

-- name: transitions
SELECT at, status, reason, severity, cause, summary
FROM incident_transitions
WHERE incident_id = ${incident:sqlstring}
    AND at <= $__toTime
ORDER BY sequence
LIMIT 500

-- name: notifications
-- When somebody was told is wall time: it may lie after the range, which is event time.
SELECT n.receiver AS receiver, t.status AS told, n.outcome AS outcome, n.attempts AS attempts, n.last_at AS last_at, n.status AS answered, n.answer AS answer
FROM notifications AS n
LEFT JOIN
(
    SELECT sequence, status FROM incident_transitions WHERE incident_id = ${incident:sqlstring}
) AS t ON t.sequence = n.sequence
WHERE n.incident_id = ${incident:sqlstring}
ORDER BY last_at DESC, receiver
LIMIT 200

-- name: responses
-- What people did comes after what happened: whatever the range, it is shown.
SELECT at, did, by, words, until
FROM
(
    SELECT a.at AS at, 'took it on' AS did, a.by AS by, a.note AS words, NULL::Nullable(DateTime64(3)) AS until
    FROM incident_acknowledgements AS a
    WHERE a.incident_id = ${incident:sqlstring}
    UNION ALL
    SELECT s.starts_at AS at, 'silenced it' AS did, s.by AS by, s.reason AS words, s.ends_at::Nullable(DateTime64(3)) AS until
    FROM silences AS s
    WHERE s.id IN (SELECT silence_id FROM incident_silences WHERE incident_id = ${incident:sqlstring})
)
ORDER BY at DESC
LIMIT 100

-- name: links
-- An incident names pages of the console and runbooks by their paths: the page's constants say where those begin.
WITH assumeNotNull((SELECT argMax(t.incident, t.sequence) FROM incident_transitions AS t WHERE t.incident_id = ${incident:sqlstring} AND t.at <= $__toTime)) AS body
SELECT
    link.1 AS text,
    multiIf(
        match(link.2, '^https?://'), link.2,
        startsWith(link.2, '/'), ${console:sqlstring} || link.2,
        ${runbooks:sqlstring} != '', ${runbooks:sqlstring} || '/' || link.2,
        '') AS href
FROM
(
    SELECT arrayJoin(arrayConcat(
        [('Runbook', JSONExtractString(body, 'runbook_url'))],
        JSONExtract(body, 'links', 'Array(Tuple(text String, href String))'))) AS link
    WHERE body != ''
)
WHERE href != ''
LIMIT 50

-- name: variable_incident
-- Text and value in one: the dashboard takes them apart. What fires comes first.
SELECT
    replaceAll(argMax(t.summary, t.sequence), '|', '/') || ' | ' || t.incident_id AS option
FROM incident_transitions AS t
WHERE t.at <= $__toTime
GROUP BY t.incident_id
HAVING argMax(t.status, t.sequence) IN ('firing', 'resolved')
ORDER BY argMax(t.status, t.sequence), max(t.at) DESC
LIMIT 500
