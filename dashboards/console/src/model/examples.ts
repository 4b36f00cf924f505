/** Questions that an SRE really asks, ready to run. A test runs each of them on sample data. */
export interface Example {
  readonly title: string;
  readonly sql: string;
}

export const EXAMPLES: readonly Example[] = [
  {
    title: 'How does the fleet stand now?',
    sql: `SELECT state, why, count() AS channels
FROM fleet
GROUP BY state, why
ORDER BY channels DESC`,
  },
  {
    title: 'How did the fleet stand at an instant?',
    sql: `SELECT channel_id, state, why, to_agent, to_server
FROM fleet_at(at = toDateTime64('2026-10-01 12:10:00', 3))
WHERE state != 'up'
ORDER BY channel_id`,
  },
  {
    title: 'Where do frames die?',
    sql: `SELECT channel_id, direction, kind, last_stage, count() AS frames
FROM frame_journeys
GROUP BY channel_id, direction, kind, last_stage
ORDER BY channel_id, direction, kind, frames DESC
LIMIT 200`,
  },
  {
    title: 'Which agents receive commands and execute none?',
    sql: `SELECT channel_id, count() AS received, countIf(execution_ended_at IS NOT NULL) AS executed, max(received_at) AS last_received_at
FROM frame_journeys
WHERE direction = 'to_agent' AND kind = 'command' AND received_at IS NOT NULL
GROUP BY channel_id
HAVING executed < received
ORDER BY received - executed DESC`,
  },
  {
    title: 'What hangs, and since when?',
    sql: `SELECT channel_id, channel_end, stage, kind, frame_id, min(started_at) AS began_at, max(seen_at) AS still_at
FROM pending_stages
GROUP BY channel_id, channel_end, stage, kind, frame_id
ORDER BY began_at DESC
LIMIT 100`,
  },
  {
    title: 'How long do acknowledgements take, by site?',
    sql: `SELECT s.site AS site, count() AS commands,
    quantile(0.5)(ack_ms) AS p50_ms, quantile(0.99)(ack_ms) AS p99_ms
FROM
(
    SELECT channel_id, dateDiff('millisecond', written_at, ack_received_at) AS ack_ms
    FROM frame_journeys
    WHERE kind = 'command' AND written_at IS NOT NULL AND ack_received_at IS NOT NULL
) AS j
INNER JOIN (SELECT channel_id, any(site) AS site FROM channel_states GROUP BY channel_id) AS s USING (channel_id)
GROUP BY site
ORDER BY p99_ms DESC`,
  },
  {
    title: 'What does each end claim now?',
    sql: `SELECT channel_id, channel_end, max(seen_at) AS said_at,
    argMax(connected, seen_at) AS connected, argMax(reader_alive, seen_at) AS reader,
    argMax(writer_alive, seen_at) AS writer, argMax(handler_alive, seen_at) AS handler
FROM channel_states
GROUP BY channel_id, channel_end
ORDER BY channel_id, channel_end
LIMIT 500`,
  },
  {
    title: 'Whose queue grows?',
    sql: `SELECT channel_id, channel_end, max(queue_depth) AS deepest, max(queue_oldest_ms) AS oldest_ms
FROM channel_states
GROUP BY channel_id, channel_end
HAVING deepest > 0
ORDER BY oldest_ms DESC
LIMIT 100`,
  },
  {
    title: 'Why did connections close, and how long had they lived?',
    sql: `SELECT closed_by, close_code, close_reason, count() AS closes, median(lifetime_ms) AS median_lifetime_ms
FROM connections
WHERE closed_at IS NOT NULL
GROUP BY closed_by, close_code, close_reason
ORDER BY closes DESC`,
  },
  {
    title: 'Which attempts to connect fail, and how?',
    sql: `SELECT channel_id, outcome, phase, status_code, server_address, count() AS attempts, max(seen_at) AS last_at
FROM connection_events
WHERE event = 'connect' AND outcome != 'ok'
GROUP BY channel_id, outcome, phase, status_code, server_address
ORDER BY attempts DESC
LIMIT 100`,
  },
  {
    title: 'How regular are the heartbeats?',
    sql: `SELECT channel_id, count() AS beats, max(seen_at) AS last_at,
    max(gap_s) AS longest_gap_s
FROM
(
    SELECT channel_id, seen_at,
        dateDiff('millisecond', lagInFrame(seen_at, 1, seen_at) OVER (PARTITION BY channel_id ORDER BY seen_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), seen_at) / 1000 AS gap_s
    FROM heartbeat_stages
    WHERE channel_end = 'server' AND stage = 'receive'
)
GROUP BY channel_id
ORDER BY longest_gap_s DESC`,
  },
  {
    title: 'What has fired, and why?',
    sql: `SELECT fired_at, resolved_at, severity, rule, cause, channels, summary
FROM incidents
WHERE fired_at IS NOT NULL
ORDER BY fired_at DESC
LIMIT 100`,
  },
  {
    title: 'What tables are there, and what do they hold?',
    sql: `SELECT name, comment
FROM system.tables
WHERE database = 'default' AND comment != ''
ORDER BY name`,
  },
];
