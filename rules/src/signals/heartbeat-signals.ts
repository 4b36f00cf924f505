import { BY_PARAMETER, type ChannelScope } from './scope.js';
import { LOOKBACK_S } from './windows.js';

/**
 * View `heartbeat_signals(at, channel)`: the last heartbeat of each channel as frame spans show it, to the second. The
 * counters of `end_signals` decide; these refine the time within a state interval.
 */
export function heartbeatSignalsView(): string {
  return `CREATE OR REPLACE VIEW heartbeat_signals AS
${heartbeatSignals(BY_PARAMETER)}`;
}

export function heartbeatSignals(scope: ChannelScope): string {
  return `SELECT
    channel_id,
    maxOrNullIf(seen_at, channel_end = 'server' AND stage = 'receive' AND outcome IN ('ok', '')) AS received_at,
    maxOrNullIf(seen_at, channel_end = 'agent' AND stage = 'enqueue') AS enqueued_at,
    maxOrNullIf(seen_at, channel_end = 'agent' AND stage = 'socket_write' AND outcome IN ('ok', '')) AS written_at,
    maxOrNullIf(seen_at, channel_end = 'server' AND stage = 'execute' AND outcome IN ('ok', '')) AS executed_at,
    maxOrNullIf(seen_at, channel_end = 'server' AND stage = 'execute' AND outcome = 'error') AS execution_failed_at,
    maxOrNullIf(seen_at, channel_end = 'server' AND (drop_reason = 'unrouted' OR outcome = 'dropped')) AS dropped_at,
    arrayPopFront(arrayDifference(arraySort(groupArrayIf(toUnixTimestamp64Milli(seen_at), channel_end = 'server' AND stage = 'receive')))) AS gaps_ms,
    if(length(gaps_ms) >= 5, toNullable(arrayReduce('quantileExact(0.5)', gaps_ms) / 1000), NULL) AS median_gap_s
FROM heartbeat_stages
WHERE seen_at <= {at:DateTime64(3)}
    AND seen_at > {at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND
    AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND)
    AND ${scope}
GROUP BY channel_id`;
}
