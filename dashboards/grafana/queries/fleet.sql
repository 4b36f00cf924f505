-- Fleet: as it stood at the end of the range, then how it came there.

-- name: states
SELECT
    countIf(state = 'asymmetric') AS asymmetric,
    countIf(state = 'stalled') AS stalled,
    countIf(state = 'down') AS down,
    countIf(state = 'silent') AS silent,
    countIf(state = 'up') AS up
FROM fleet_at(at = $__toTime)
WHERE $__conditionalAll(site IN (${site:sqlstring}), $site)
    AND $__conditionalAll(agent_version IN (${agent_version:sqlstring}), $agent_version)

-- name: firing_incidents
-- Their bodies are not read: the id leads to the rest.
SELECT severity, rule, summary, channels[1] AS channel, cause, started_at, id AS incident
FROM
(
    SELECT
        t.incident_id AS id,
        argMax(t.status, t.sequence) AS status,
        argMax(t.severity, t.sequence) AS severity,
        any(t.rule) AS rule,
        argMax(t.summary, t.sequence) AS summary,
        argMax(t.channels, t.sequence) AS channels,
        argMax(t.cause, t.sequence) AS cause,
        argMax(t.started_at, t.sequence) AS started_at
    FROM incident_transitions AS t
    WHERE t.at <= $__toTime
    GROUP BY t.incident_id
)
WHERE status = 'firing'
ORDER BY indexOf(['critical', 'error', 'warning', 'info'], severity), started_at DESC
LIMIT 200

-- name: one_way
SELECT channel_id AS channel, state, to_agent, to_server, why, last_to_agent_at, last_to_server_at, site, agent_version AS version
FROM fleet_at(at = $__toTime)
WHERE state IN ('asymmetric', 'stalled')
    AND $__conditionalAll(site IN (${site:sqlstring}), $site)
    AND $__conditionalAll(agent_version IN (${agent_version:sqlstring}), $agent_version)
ORDER BY state, channel_id
LIMIT 200

-- name: channels
-- The worst first. A list of five hundred is longer than anybody reads.
SELECT
    channel_id AS channel,
    state,
    to_agent,
    to_server,
    last_to_agent_at,
    last_to_server_at,
    queue_depth AS queue,
    heartbeat_age_s AS heartbeat_age,
    silent_end,
    site,
    agent_version AS version
FROM fleet_at(at = $__toTime)
WHERE $__conditionalAll(site IN (${site:sqlstring}), $site)
    AND $__conditionalAll(agent_version IN (${agent_version:sqlstring}), $agent_version)
ORDER BY indexOf(['asymmetric', 'stalled', 'down', 'silent', 'up'], state), channel_id
LIMIT 500

-- name: by_site
SELECT
    site,
    count() AS channels,
    countIf(state != 'up') / count() AS broken,
    countIf(state = 'asymmetric') AS asymmetric,
    countIf(state = 'stalled') AS stalled,
    countIf(state = 'down') AS down,
    countIf(state = 'silent') AS silent
FROM fleet_at(at = $__toTime)
WHERE $__conditionalAll(site IN (${site:sqlstring}), $site)
    AND $__conditionalAll(agent_version IN (${agent_version:sqlstring}), $agent_version)
GROUP BY site
ORDER BY broken DESC, channels DESC, site
LIMIT 100

-- name: by_version
SELECT
    agent_version AS version,
    count() AS channels,
    countIf(state != 'up') / count() AS broken,
    countIf(state = 'asymmetric') AS asymmetric,
    countIf(state = 'stalled') AS stalled,
    countIf(state = 'down') AS down,
    countIf(state = 'silent') AS silent
FROM fleet_at(at = $__toTime)
WHERE $__conditionalAll(site IN (${site:sqlstring}), $site)
    AND $__conditionalAll(agent_version IN (${agent_version:sqlstring}), $agent_version)
GROUP BY agent_version
ORDER BY broken DESC, channels DESC, version
LIMIT 100

-- name: silent_ends
SELECT channel_id AS channel, silent_end, state, server_seen_at, agent_seen_at, site, agent_version AS version
FROM fleet_at(at = $__toTime)
WHERE silent_end != ''
    AND $__conditionalAll(site IN (${site:sqlstring}), $site)
    AND $__conditionalAll(agent_version IN (${agent_version:sqlstring}), $agent_version)
ORDER BY arrayMax([server_seen_at, agent_seen_at]) DESC, channel_id
LIMIT 200

-- name: claimed_open
-- Two lines that part are ends that do not believe the same.
SELECT
    $__timeInterval(seen_at) AS time,
    channel_end AS who,
    uniqIf(channel_id, connected) AS open
FROM channel_states
WHERE $__timeFilter(seen_at)
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
    AND $__conditionalAll(site IN (${site:sqlstring}), $site)
    AND $__conditionalAll(agent_version IN (${agent_version:sqlstring}), $agent_version)
GROUP BY time, who
ORDER BY time, who
LIMIT 10000

-- name: commands_by_stage
-- From ten-second counts: frames themselves are many.
SELECT
    $__timeInterval(bucket) AS time,
    stage || ', ' || channel_end AS stage,
    sum(a.frames) / $__interval_s AS rate
FROM frame_activity AS a
WHERE $__timeFilter(bucket)
    AND toStartOfFiveMinutes(bucket) >= toStartOfFiveMinutes($__fromTime)
    AND kind = 'command'
    AND outcome != 'pending'
GROUP BY time, stage
ORDER BY time, stage
LIMIT 10000

-- name: connection_events
-- Both ends report an opening and a close: they count once per connection. A failed attempt has none, and counts where
-- it was made.
SELECT
    $__timeInterval(seen_at) AS time,
    multiIf(e.event = 'close', 'closed', outcome = 'ok', 'opened', outcome) AS what,
    uniq(channel_id, if(connection_id = '', toString(seen_at), connection_id)) AS events
FROM connection_events AS e
WHERE $__timeFilter(seen_at)
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
    AND (e.event = 'close' OR outcome = 'ok' OR channel_end = 'agent')
    AND $__conditionalAll(site IN (${site:sqlstring}), $site)
    AND $__conditionalAll(agent_version IN (${agent_version:sqlstring}), $agent_version)
GROUP BY time, what
ORDER BY time, what
LIMIT 10000

-- name: variable_site
SELECT DISTINCT site
FROM channel_states
WHERE $__timeFilter(seen_at)
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
    AND site != ''
ORDER BY site
LIMIT 1000

-- name: variable_agent_version
SELECT DISTINCT agent_version
FROM channel_states
WHERE $__timeFilter(seen_at)
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
    AND agent_version != ''
ORDER BY agent_version
LIMIT 1000
