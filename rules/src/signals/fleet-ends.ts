import { CROSSING_S, LONG_OVERDUE_S, LOOKBACK_S, OVERDUE_S, RECENT_S } from './windows.js';

export const AT_MS = 'toUnixTimestamp64Milli({at:DateTime64(3)})';

/** Counters that grow with what a direction does; NULL where the end does not count it. */
const RX_ANY = 'rx_frames + ifNull(rx_control, 0)';
const TX_ANY = 'tx_frames + ifNull(tx_control, 0)';

/** Value and first sight of it, in one pass: the greatest (value, -time). */
const latest = (counter: string): string => `max((ifNull(${counter}, 0), -ms))`;
/** Work counted by so long ago, less the work that had been counted when its progress last moved (see `end_arrays`). */
const overdueAfter = (age_s: number, work: string, progress: string): string =>
  `if(max(${work}) IS NULL OR max(${progress}) IS NULL, NULL, greatest(0, toInt64(ifNull(maxIf(${work}, age_s >= ${age_s}), 0)) + max((ifNull(${progress}, 0), -toInt64(ifNull(${work}, 0)))).2))`;
const mark = (counter: string, age_s: number): string =>
  `toInt64(ifNull(maxIf(${counter}, age_s >= ${age_s}), 0))`;

const LAST = [
  'reader_alive',
  'handler_alive',
  'queue_depth',
  'queue_oldest_ms',
  'executing',
  'transport',
  'agent_version',
  'site',
  'gateway',
  'service',
];
const MOVING = [
  ['rx_any', RX_ANY],
  ['rx_control', 'rx_control'],
  ['rx_acks', 'rx_acks'],
  ['rx_heartbeats', 'rx_heartbeats'],
  ['executed', 'executed'],
] as const;

/**
 * What matters here of what an end says, with the meaning that `end_signals` gives it. That view is not read: it tells
 * all that rules could ask, at ten times the cost, and a dashboard asks for the fleet several times at once.
 */
const SAID: readonly (readonly [string, string])[] = [
  ['connection_id', 'connection_id'],
  ['state_ms', 'max(ms)'],
  ['now_ms', 'any(end_now_ms)'],
  ['connected', 'argMax(is_connected, ms)'],
  ['connected_ms', 'minIf(ms, is_connected)'],
  ...LAST.map((name, index) => [name, `argMax((${LAST.join(', ')}), ms).${index + 1}`] as const),
  ...MOVING.flatMap(
    ([name, sql]) =>
      [
        [name, `max(${sql})`],
        [`${name}_moved_ms`, `-${latest(sql)}.2`],
      ] as const,
  ),
  ['acks_overdue', overdueAfter(OVERDUE_S, 'tx_commands', 'rx_acks')],
  ['acks_long_overdue', overdueAfter(LONG_OVERDUE_S, 'tx_commands', 'rx_acks')],
  ['executions_overdue', overdueAfter(OVERDUE_S, 'rx_commands', 'executed')],
  ['executions_long_overdue', overdueAfter(LONG_OVERDUE_S, 'rx_commands', 'executed')],
  ['replies_overdue', overdueAfter(OVERDUE_S, 'rx_commands', 'tx_acks')],
  ['commands_settled', mark('tx_commands', CROSSING_S)],
  ['commands_settled_before', mark('tx_commands', CROSSING_S + RECENT_S)],
  ['commands_received', 'toNullable(toInt64(max(rx_commands)))'],
  ['commands_received_before', mark('rx_commands', RECENT_S)],
  ['frames_settled', mark(TX_ANY, CROSSING_S)],
  ['frames_settled_before', mark(TX_ANY, CROSSING_S + RECENT_S)],
  ['frames_received', `toNullable(toInt64(max(${RX_ANY})))`],
  ['frames_received_before', mark(RX_ANY, RECENT_S)],
];
const SAID_NAMES = SAID.map(([name]) => name);

export const IN_WINDOW = `seen_at <= {at:DateTime64(3)}
            AND seen_at > {at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND
            AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND)`;

/** An end's own present, as in `end_arrays`: its last state and one period more, never past the instant. */
const STATES = `
        SELECT
            *,
            toUnixTimestamp64Milli(seen_at) AS ms,
            least(${AT_MS}, heard_ms + 10000) AS end_now_ms,
            (end_now_ms - ms) / 1000 AS age_s,
            ifNull(connected, false) AS is_connected
        FROM channel_states
        INNER JOIN
        (
            SELECT channel_id, channel_end, toUnixTimestamp64Milli(max(seen_at)) AS heard_ms
            FROM channel_states
            WHERE ${IN_WINDOW}
            GROUP BY channel_id, channel_end
        ) AS heard USING (channel_id, channel_end)
        WHERE channel_end IN ('agent', 'server') AND ${IN_WINDOW}`;

/** What an end says stands in one tuple: the engine's planning time grows with the number of columns. */
const pivot = (end: string): string => `anyIf(said, channel_end = '${end}')`;

/** `s_state_ms` in what follows is what the server says as `state_ms`, `a_...` the agent. */
export function fromTuples(sql: string): string {
  return sql.replace(/\b([sa])_([a-z_]+)/g, (name: string, end: string, column: string) => {
    const index = SAID_NAMES.indexOf(column);
    return index < 0 ? name : `${end}.${index + 1}`;
  });
}

/** One row per channel: what its ends say, and whether acknowledgements are due at its server. */
export const FLEET_ENDS = `
    SELECT
        channel_id,
        ${pivot('server')} AS s,
        ${pivot('agent')} AS a,
        -- where some channel of a service has had an acknowledgement, acknowledgements are due
        toBool(max(ifNull(${fromTuples('s_rx_acks')}, 0)) OVER (PARTITION BY ${fromTuples('s_service')}) > 0) AS acknowledging
    FROM
    (
        SELECT
            channel_id,
            channel_end,
            (${SAID.map(([, sql]) => sql).join(',\n            ')}) AS said
        FROM (${STATES}
        )
        GROUP BY channel_id, channel_end, connection_id
        -- the present connection: the last opened of those that are open, else the one last heard of
        ORDER BY argMax(is_connected, ms) DESC, if(argMax(is_connected, ms), min(ms), max(ms)) DESC
        LIMIT 1 BY channel_id, channel_end
    )
    GROUP BY channel_id
`;
