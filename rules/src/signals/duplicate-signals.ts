import { BY_PARAMETER, type ChannelScope } from './scope.js';
import { DUPLICATES_S } from './windows.js';

/** Channels whose frames are looked at one by one; in a healthy fleet there are none. */
const SUSPECTS_MAX = 1_000;

/**
 * View `duplicate_signals(at, channel)`: frames that were executed more than once lately, per channel. Counts by ten
 * seconds, which grow with channels, say where more was executed than was received; only there are frames looked at. A
 * frame that was sent again and received again is another attempt of it, unless two executors took it.
 */
export function duplicateSignalsView(): string {
  return `CREATE OR REPLACE VIEW duplicate_signals AS
${duplicateSignals(BY_PARAMETER)}`;
}

export function duplicateSignals(scope: ChannelScope): string {
  const lately = `bucket <= {at:DateTime64(3)}
                AND bucket > {at:DateTime64(3)} - INTERVAL ${DUPLICATES_S} SECOND
                AND toStartOfFiveMinutes(bucket) >= toStartOfFiveMinutes(toDateTime({at:DateTime64(3)}) - INTERVAL ${DUPLICATES_S} SECOND)`;
  return `WITH
    suspects AS
    (
        SELECT DISTINCT channel_id AS suspect
        FROM frame_executions
        WHERE ${lately} AND work_key IN
            (
                SELECT work_key
                FROM frame_executions
                WHERE ${lately} AND ${scope}
                GROUP BY work_key
                HAVING sum(frame_executions.executed) >= 2 AND sum(frame_executions.executed) >= 1.5 * sum(received)
                LIMIT ${SUSPECTS_MAX}
            )
    ),
    executed AS
    (
        SELECT
            channel_id,
            frame_id,
            uniqExactIf(span_id, stage = 'execute') AS executions,
            arraySort(groupUniqArrayIf(toString(executor_id), stage = 'execute' AND executor_id != '')) AS executors,
            uniqExactIf(span_id, stage = 'receive') AS receives,
            minIf(seen_at, stage = 'execute') AS first_at,
            maxIf(seen_at, stage = 'execute') AS last_at
        FROM frames
        WHERE channel_id IN (suspects)
            AND seen_at <= {at:DateTime64(3)}
            AND seen_at > {at:DateTime64(3)} - INTERVAL ${DUPLICATES_S} SECOND
            AND toStartOfMinute(seen_at) >= toStartOfMinute({at:DateTime64(3)} - INTERVAL ${DUPLICATES_S} SECOND)
            AND stage IN ('receive', 'execute')
            AND outcome != 'pending'
            AND frame_id != ''
        GROUP BY channel_id, connection_id, direction, frame_id
        HAVING executions > 1 AND (length(executors) > 1 OR executions > greatest(receives, 1))
    )
SELECT
    channel_id,
    toUInt32(count()) AS executed_twice,
    argMax(frame_id, last_at) AS last_frame_id,
    argMax(executors, last_at) AS last_executors,
    min(first_at) AS first_twice_at,
    max(last_at) AS last_twice_at
FROM executed
GROUP BY channel_id`;
}
