import { BY_PARAMETER, type ChannelScope } from './scope.js';
import { LOOKBACK_S } from './windows.js';

/**
 * View `pending_signals(at, channel)`: stages that have begun and not ended at an instant, per channel, end and
 * connection. The shim reports an open stage again whenever its age has doubled, so one that is still open was last
 * reported no longer ago than its age then, and the exporter's delay; older reports say nothing about now.
 */
export function pendingSignalsView(): string {
  return `CREATE OR REPLACE VIEW pending_signals AS
${pendingSignals(BY_PARAMETER)}`;
}

export function pendingSignals(scope: ChannelScope): string {
  return `WITH hung AS
(
    SELECT
        channel_id,
        channel_end,
        connection_id,
        stage,
        frame_id,
        max(seen_at) AS reported_at,
        min(started_at) AS began_at
    FROM pending_stages
    WHERE seen_at <= {at:DateTime64(3)}
        AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND)
        AND stage IN ('socket_write', 'execute')
        AND ${scope}
    GROUP BY channel_id, channel_end, connection_id, stage, frame_id
    HAVING dateDiff('second', reported_at, {at:DateTime64(3)}) <= dateDiff('second', began_at, reported_at) + 15
)
SELECT
    channel_id,
    channel_end,
    connection_id,
    countIf(stage = 'socket_write') AS writes,
    countIf(stage = 'execute') AS executions,
    minOrNullIf(began_at, stage = 'socket_write') AS oldest_write_at,
    minOrNullIf(began_at, stage = 'execute') AS oldest_execution_at
FROM hung
WHERE (channel_id, channel_end, stage, frame_id) NOT IN
(
    SELECT channel_id, channel_end, stage, frame_id
    FROM frames
    WHERE channel_id IN (SELECT channel_id FROM hung)
        AND toStartOfMinute(seen_at) >= toStartOfMinute({at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND)
        AND seen_at <= {at:DateTime64(3)}
        AND stage IN ('socket_write', 'execute')
        AND outcome != 'pending'
)
GROUP BY channel_id, channel_end, connection_id`;
}
