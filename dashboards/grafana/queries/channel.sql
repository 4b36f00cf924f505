-- Channel: both ends of one channel side by side.

-- name: state
SELECT state, to_agent, to_server
FROM fleet_at(at = $__toTime)
WHERE channel_id = ${channel:sqlstring}

-- name: summary
SELECT why, last_to_agent_at, last_to_server_at, heartbeat_age_s AS heartbeat_age, queue_depth AS queue, silent_end, site, agent_version AS version, gateway, connected_at
FROM fleet_at(at = $__toTime)
WHERE channel_id = ${channel:sqlstring}

-- name: incidents
SELECT status, severity, rule, summary, started_at, id AS incident
FROM
(
    SELECT
        t.incident_id AS id,
        argMax(t.status, t.sequence) AS status,
        argMax(t.severity, t.sequence) AS severity,
        any(t.rule) AS rule,
        argMax(t.summary, t.sequence) AS summary,
        argMax(t.channels, t.sequence) AS channels,
        argMax(t.started_at, t.sequence) AS started_at,
        max(t.at) AS changed_at
    FROM incident_transitions AS t
    WHERE t.at <= $__toTime
    GROUP BY t.incident_id
)
WHERE has(channels, ${channel:sqlstring})
    AND status IN ('firing', 'resolved')
    AND (status = 'firing' OR changed_at >= $__fromTime)
ORDER BY status, started_at DESC
LIMIT 50

-- name: claims
-- A claim is what the end says of itself; beside it what its counters have done, by its own clock. 75 s is the time in
-- which something moves on a channel, as the rules have it.
WITH
    (now_ms - rx_any_moved_ms) / 1000 AS rx_quiet_s,
    (now_ms - tx_heartbeats_moved_ms) / 1000 AS beat_quiet_s,
    ifNull(heartbeat_interval_ms, 30000) / 1000 AS interval_s
SELECT
    channel_end AS who,
    told.1 AS claim,
    told.2 AS says,
    told.3 AS counted,
    told.4 AS verdict
FROM
(
    SELECT
        channel_end,
        arrayJoin([
            ('connected', if(connected, 'yes', 'no'),
                toString(ifNull(rx_any, 0)) || ' frames received, the last ' || toString(round(rx_quiet_s)) || ' s ago',
                multiIf(rx_any IS NULL, 'unseen', connected AND rx_quiet_s >= 75, 'contradicts', 'agrees')),
            ('reader runs', multiIf(reader_alive IS NULL, 'not told', reader_alive = 1, 'yes', 'no'),
                toString(ifNull(rx_any, 0)) || ' frames received, the last ' || toString(round(rx_quiet_s)) || ' s ago',
                multiIf(rx_any IS NULL OR reader_alive IS NULL, 'unseen', (reader_alive = 1) = (rx_quiet_s >= 75), 'contradicts', 'agrees')),
            ('handler runs', multiIf(handler_alive IS NULL, 'not told', handler_alive = 1, 'yes', 'no'),
                toString(ifNull(executed, 0)) || ' executed, ' || toString(ifNull(executions_overdue, 0)) || ' overdue',
                multiIf(executions_overdue IS NULL OR handler_alive IS NULL, 'unseen', handler_alive = 1 AND executions_overdue >= 2, 'contradicts', 'agrees')),
            ('heartbeat timer runs', multiIf(heartbeat_active IS NULL, 'not told', heartbeat_active = 1, 'yes', 'no'),
                toString(ifNull(tx_heartbeats, 0)) || ' written, ' || toString(ifNull(rx_heartbeats, 0)) || ' received',
                multiIf(heartbeat_active IS NULL OR tx_heartbeats IS NULL, 'unseen', heartbeat_active = 1 AND beat_quiet_s > 2 * interval_s + 10, 'contradicts', 'agrees')),
            ('writes complete', if(ifNull(queue_depth, 0) = 0, 'nothing waits', toString(ifNull(queue_depth, 0)) || ' wait'),
                'oldest ' || toString(round(ifNull(queue_oldest_ms, 0) / 1000)) || ' s',
                multiIf(queue_depth IS NULL, 'unseen', queue_depth > 0 AND ifNull(queue_oldest_ms, 0) >= 20000, 'contradicts', 'agrees')),
            ('commands are acknowledged', toString(ifNull(tx_commands, 0)) || ' written',
                toString(ifNull(rx_acks, 0)) || ' acknowledged, ' || toString(ifNull(acks_overdue, 0)) || ' overdue',
                multiIf(acks_overdue IS NULL OR ifNull(tx_commands, 0) = 0, 'unseen', acks_overdue >= 2, 'contradicts', 'agrees'))
        ]) AS told
    FROM end_signals(at = $__toTime, channel = ${channel:sqlstring})
)
ORDER BY channel_end DESC, indexOf(['connected', 'reader runs', 'handler runs', 'heartbeat timer runs', 'writes complete', 'commands are acknowledged'], claim)
LIMIT 20

-- name: commands
-- Counters of the present connection; where two lines part, commands are lost or wait.
SELECT
    $__timeInterval(seen_at) AS time,
    maxIf(tx_commands, channel_end = 'server') AS "server wrote",
    maxIf(rx_commands, channel_end = 'agent') AS "agent received",
    maxIf(tx_acks, channel_end = 'agent') AS "agent acknowledged",
    maxIf(rx_acks, channel_end = 'server') AS "server got acknowledgements"
FROM channel_states
WHERE channel_id = ${channel:sqlstring}
    AND $__timeFilter(seen_at)
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
GROUP BY time
ORDER BY time
LIMIT 10000

-- name: to_server
SELECT
    $__timeInterval(seen_at) AS time,
    maxIf(tx_frames, channel_end = 'agent') AS "agent wrote",
    maxIf(rx_frames, channel_end = 'server') AS "server received",
    maxIf(tx_heartbeats, channel_end = 'agent') AS "agent wrote heartbeats",
    maxIf(rx_heartbeats, channel_end = 'server') AS "server received heartbeats"
FROM channel_states
WHERE channel_id = ${channel:sqlstring}
    AND $__timeFilter(seen_at)
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
GROUP BY time
ORDER BY time
LIMIT 10000

-- name: dead_frames
-- A frame is given half a minute. A command is done when executed or acknowledged, anything else when received. That it
-- was not received can be said only where the end that should have received it sends spans of frames at all. What is
-- left then are commands, where acknowledgements come back to their sender.
WITH
(
    SELECT groupUniqArray(channel_end)
    FROM frames
    WHERE channel_id = ${channel:sqlstring}
        AND $__timeFilter(seen_at)
        AND toStartOfMinute(seen_at) >= toStartOfMinute($__fromTime)
) AS observers,
(
    SELECT count() > 0
    FROM frames
    WHERE channel_id = ${channel:sqlstring}
        AND $__timeFilter(seen_at)
        AND toStartOfMinute(seen_at) >= toStartOfMinute($__fromTime)
        AND stage = 'ack'
) AS acknowledges
SELECT
    first_seen_at AS began_at,
    direction,
    kind,
    frame_id AS frame,
    multiIf(
        failure != '', failure || ' at its ' || last_stage,
        last_stage = 'enqueue', 'not written: waits at its sender',
        last_stage = 'socket_write' AND is_observed, 'lost on the way',
        last_stage = 'socket_write', 'written, and not acknowledged: no spans of the ' || receiver,
        last_stage = 'receive', 'received, and not executed',
        'its handler has not ended') AS died,
    arrayStringConcat(ends, ', ') AS seen_by,
    pending_reports,
    trace
FROM
(
    SELECT
        direction,
        frame_id,
        if(direction = 'to_agent', 'agent', 'server') AS receiver,
        has(observers, receiver) AS is_observed,
        any(f.kind) AS kind,
        min(started_at) AS first_seen_at,
        arraySort(groupUniqArray(channel_end)) AS ends,
        countIf(outcome = 'pending') AS pending_reports,
        anyIf(outcome, outcome IN ('error', 'timeout', 'dropped')) AS failure,
        any(trace_id) AS trace,
        countIf(f.stage = 'ack' OR f.stage = 'execute' AND outcome != 'pending') > 0 AS is_done,
        multiIf(
            countIf(f.stage = 'execute') > 0, 'execute',
            countIf(f.stage = 'receive' AND outcome != 'pending') > 0, 'receive',
            countIf(f.stage = 'socket_write' AND outcome IN ('ok', '')) > 0, 'socket_write',
            'enqueue') AS last_stage
    FROM frames AS f
    WHERE channel_id = ${channel:sqlstring}
        AND $__timeFilter(seen_at)
        AND toStartOfMinute(seen_at) >= toStartOfMinute($__fromTime)
        AND $__conditionalAll(direction IN (${direction:sqlstring}), $direction)
    GROUP BY connection_id, direction, frame_id
)
WHERE first_seen_at < $__toTime - INTERVAL 30 SECOND
    AND (failure != ''
        OR NOT is_done AND (last_stage IN ('enqueue', 'execute')
            OR last_stage = 'socket_write' AND (is_observed OR kind = 'command' AND acknowledges)
            OR last_stage = 'receive' AND kind = 'command'))
ORDER BY first_seen_at DESC
LIMIT 200

-- name: stages
SELECT
    $__timeInterval(seen_at) AS time,
    stage || ' at the ' || channel_end AS stage,
    quantile(0.99)(duration_ns) / 1000000000 AS p99
FROM frames AS f
WHERE channel_id = ${channel:sqlstring}
    AND $__timeFilter(seen_at)
    AND toStartOfMinute(seen_at) >= toStartOfMinute($__fromTime)
    AND outcome != 'pending'
    AND f.stage != 'ack'
    AND $__conditionalAll(direction IN (${direction:sqlstring}), $direction)
GROUP BY time, stage
ORDER BY time, stage
LIMIT 10000

-- name: stage_counts
SELECT
    direction,
    stage,
    channel_end AS who,
    kind,
    countIf(outcome IN ('ok', '')) AS done,
    countIf(outcome IN ('error', 'timeout', 'dropped')) AS failed,
    uniqIf(frame_id, outcome = 'pending') AS hung,
    quantileIf(0.5)(duration_ns, outcome != 'pending') / 1000000000 AS p50,
    quantileIf(0.99)(duration_ns, outcome != 'pending') / 1000000000 AS p99
FROM frames
WHERE channel_id = ${channel:sqlstring}
    AND $__timeFilter(seen_at)
    AND toStartOfMinute(seen_at) >= toStartOfMinute($__fromTime)
    AND $__conditionalAll(direction IN (${direction:sqlstring}), $direction)
GROUP BY direction, stage, who, kind
ORDER BY direction, kind, indexOf(['enqueue', 'socket_write', 'receive', 'execute', 'ack'], stage), who
LIMIT 200

-- name: queue
SELECT
    $__timeInterval(seen_at) AS time,
    channel_end AS who,
    max(queue_oldest_ms) / 1000 AS oldest
FROM channel_states
WHERE channel_id = ${channel:sqlstring}
    AND $__timeFilter(seen_at)
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
    AND queue_oldest_ms IS NOT NULL
GROUP BY time, who
ORDER BY time, who
LIMIT 10000

-- name: heartbeats
-- Counters of the states, not spans: spans may be sampled.
SELECT
    time,
    who,
    toInt64(beats) - toInt64(lagInFrame(beats, 1, beats) OVER (PARTITION BY who, connection_id ORDER BY time)) AS heartbeats
FROM
(
    SELECT
        $__timeInterval(seen_at) AS time,
        connection_id,
        if(channel_end = 'agent', 'agent wrote', 'server received') AS who,
        max(if(channel_end = 'agent', tx_heartbeats, rx_heartbeats)) AS beats
    FROM channel_states
    WHERE channel_id = ${channel:sqlstring}
        AND $__timeFilter(seen_at)
        AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
        AND channel_end IN ('agent', 'server')
    GROUP BY time, connection_id, who
    HAVING beats IS NOT NULL
)
ORDER BY time, who
LIMIT 10000

-- name: claims_timeline
-- Each end's own word, worst first, as it stood at the end of each interval.
SELECT
    time,
    nullIf(argMaxIf(word, seen_at, channel_end = 'agent'), '') AS agent,
    nullIf(argMaxIf(word, seen_at, channel_end = 'server'), '') AS server
FROM
(
    SELECT
        $__timeInterval(seen_at) AS time,
        seen_at,
        channel_end,
        multiIf(
            NOT ifNull(connected, false), 'down',
            reader_alive = false, 'reader dead',
            handler_alive = false, 'handler dead',
            ifNull(queue_oldest_ms, 0) >= 20000, 'writes stall',
            heartbeat_active = false, 'no heartbeat',
            'up') AS word
    FROM channel_states
    WHERE channel_id = ${channel:sqlstring}
        AND $__timeFilter(seen_at)
        AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
)
GROUP BY time
ORDER BY time
LIMIT 10000

-- name: connections
SELECT
    min(seen_at) AS at,
    if(event = 'close', 'closed', outcome) AS event,
    arrayStringConcat(arraySort(groupUniqArray(channel_end)), ', ') AS seen_by,
    any(phase) AS phase,
    max(status_code) AS status,
    max(e.close_code) AS code,
    anyIf(e.close_reason, e.close_reason != '') AS reason,
    anyIf(channel_end || ': ' || e.close_initiator, e.close_initiator != '') AS initiator,
    max(e.lifetime_ms) / 1000 AS lifetime,
    any(server_address) AS address,
    connection_id AS connection
FROM connection_events AS e
WHERE channel_id = ${channel:sqlstring}
    AND $__timeFilter(seen_at)
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
-- both ends report an opening and a close; attempts that failed have no connection, and stand alone
GROUP BY event, connection_id, if(connection_id = '', seen_at, toDateTime64(0, 9))
ORDER BY at DESC
LIMIT 200

-- name: hung
SELECT
    channel_end AS who,
    stage,
    direction,
    kind,
    frame_id AS frame,
    min(started_at) AS began_at,
    max(seen_at) AS last_reported_at,
    dateDiff('second', began_at, last_reported_at) AS hanging_for
FROM pending_stages
WHERE channel_id = ${channel:sqlstring}
    AND $__timeFilter(seen_at)
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
    AND $__conditionalAll(direction IN (${direction:sqlstring}), $direction)
GROUP BY who, stage, direction, kind, frame
ORDER BY hanging_for DESC
LIMIT 100

-- name: variable_channel
-- The worst first, so that the page opens on it. Then those that were heard of earlier in the range and are not any more.
SELECT channel_id
FROM
(
    SELECT channel_id, indexOf(['asymmetric', 'stalled', 'down', 'silent', 'up'], state) AS rank
    FROM fleet_at(at = $__toTime)
    UNION ALL
    SELECT DISTINCT channel_id, 6
    FROM channel_states
    WHERE $__timeFilter(seen_at)
        AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes($__fromTime)
)
GROUP BY channel_id
ORDER BY min(rank), channel_id
LIMIT 5000
