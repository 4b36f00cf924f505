/** Frames are looked at over so long; clocks drift by less than a millisecond in it. */
const OFFSET_S = 300;

/**
 * View `frame_passages(at, channel)`: frames of one channel whose write at one end and receive at the other were both
 * reported, each by its own clock.
 */
function framePassagesView(): string {
  return `CREATE OR REPLACE VIEW frame_passages AS
SELECT
    channel_id,
    connection_id,
    direction,
    frame_id,
    any(kind) AS kind,
    minIf(seen_at, stage = 'socket_write') AS written_at,
    minIf(started_at, stage = 'receive') AS received_at,
    dateDiff('microsecond', written_at, received_at) / 1000 AS latency_ms
FROM frames
WHERE channel_id = {channel:String}
    AND seen_at <= {at:DateTime64(3)}
    AND seen_at > {at:DateTime64(3)} - INTERVAL ${OFFSET_S} SECOND
    AND toStartOfMinute(seen_at) >= toStartOfMinute({at:DateTime64(3)} - INTERVAL ${OFFSET_S} SECOND)
    AND frame_id != ''
    AND outcome IN ('ok', '')
    AND (stage = 'socket_write' AND channel_end = if(direction = 'to_agent', 'server', 'agent')
        OR stage = 'receive' AND channel_end = if(direction = 'to_agent', 'agent', 'server'))
GROUP BY channel_id, connection_id, direction, frame_id
HAVING countIf(stage = 'socket_write') > 0 AND countIf(stage = 'receive') > 0`;
}

/**
 * View `clock_offsets(at, channel)`: how far the agent's clock is ahead of the server's. The fastest frame each way took no
 * time at the least, so the truth lies between what the two say; half-way is the estimate, half their sum its bound (as NTP
 * has it, RFC 5905, 8).
 */
function clockOffsetsView(): string {
  return `CREATE OR REPLACE VIEW clock_offsets AS
SELECT
    channel_id,
    toUInt32(countIf(direction = 'to_agent')) AS frames_to_agent,
    toUInt32(countIf(direction = 'to_server')) AS frames_to_server,
    minIf(latency_ms, direction = 'to_agent') AS fastest_to_agent_ms,
    minIf(latency_ms, direction = 'to_server') AS fastest_to_server_ms,
    (fastest_to_agent_ms - fastest_to_server_ms) / 2 AS agent_ahead_ms,
    (fastest_to_agent_ms + fastest_to_server_ms) / 2 AS uncertainty_ms
FROM frame_passages(at = {at:DateTime64(3)}, channel = {channel:String})
GROUP BY channel_id
HAVING frames_to_agent > 0 AND frames_to_server > 0`;
}

/** View `frame_latencies(at, channel)`: what each frame took, by the ends' own clocks and corrected for their offset. */
function frameLatenciesView(): string {
  return `CREATE OR REPLACE VIEW frame_latencies AS
SELECT
    p.*,
    p.latency_ms - if(p.direction = 'to_agent', o.agent_ahead_ms, -o.agent_ahead_ms) AS corrected_latency_ms
FROM frame_passages(at = {at:DateTime64(3)}, channel = {channel:String}) AS p
INNER JOIN clock_offsets(at = {at:DateTime64(3)}, channel = {channel:String}) AS o USING (channel_id)`;
}

/** In the order in which they need each other. */
export function clockViews(): string[] {
  return [framePassagesView(), clockOffsetsView(), frameLatenciesView()];
}
