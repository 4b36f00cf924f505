import { NEVER, perConnection, ROUNDING_MS } from './suspect-ends.js';
import { EXPECTATION_LOOKBACK_S, LOOKBACK_S, OVERDUE_MIN, STALE_STATE_S } from './windows.js';

/** The least silence that `telemetry-gap` fires on, and the least time without a connection of `never-connected`, ms. */
const SILENT_MS = 60_000;
const UNCONNECTED_MS = 90_000;

/** The fewest closes that `flapping-channel` fires on: three at near equal lifetimes. */
const CLOSES_MIN = 3;

/** Beats that are missed, of `heartbeat-gap`. */
export const MISSED_BEATS = 2;

/** What the span of a heartbeat may be older than the state that counts it (`gap` of derive.ts), ms. */
export const COUNTING_SLACK_MS = 12_000;

const STALE_MS = STALE_STATE_S * 1000;

/**
 * The channels on which a rule might fire at an instant: one pass over the newest states of all channels, and over the
 * progress of their connections before. Each condition follows from what a rule fires on (ADR 0017), and what an end no
 * longer reports is taken for the worst that it has reported within the window.
 *
 * Rows with `certain = 0` might fire for want of heartbeats alone; they tell what the ends have counted, and spans may
 * know better.
 *
 * @param at_ms the instant, ms since the epoch
 */
export function suspectsQuery(at_ms: number): string {
  const beats = (end: 's' | 'a', name: string): string => `
    ${end}_beating ? ${said(end, 'beats')} : -1 AS ${name}_beats,
    ${said(end, 'beat_ms')} AS ${name}_beat_ms,
    ${said(end, 'connected_ms')} AS ${name}_connected_ms,
    ${said(end, 'now_ms')} AS ${name}_now_ms`;
  return `
SELECT
    channel_id,
    toUInt8(certain) AS certain,
    interval_ms,
    timeout_ms,
    record_ms,${beats('s', 'server')},${beats('a', 'agent')}
FROM
(
    SELECT *, ${CONDITIONS.map(([name, sql]) => `${sql(at_ms)} AS ${name}`).join(',\n        ')}
    FROM (${perChannel(at_ms)}) AS ends
    FULL JOIN (${inventory(at_ms)}) AS inventory USING (channel_id)
    FULL JOIN (${closes(at_ms)}) AS closes USING (channel_id)
    LEFT JOIN (${pending(at_ms)}) AS pending USING (channel_id)
)
WHERE certain OR beats_missed`;
}

/** What one end says on its present connection, in one tuple: planning takes longer the more columns there are. */
const SAID: readonly (readonly [name: string, sql: string])[] = [
  ['state_ms', 'state_ms'],
  ['connected', 'is_connected'],
  ['now_ms', 'now_ms'],
  ['connected_ms', 'connected_ms'],
  ['suspicious', 'suspicious'],
  ['waits', 'waits'],
  ['executes', 'executes'],
  ['sent', 'sent'],
  ['received', 'received'],
  ['counts_beats', 'counts_beats'],
  ['beats', 'beats'],
  ['beat_ms', 'beat_ms'],
  ['record_ms', 'record_ms'],
  ['interval_ms', 'interval_ms'],
  ['timeout_ms', 'timeout_ms'],
];

function said(end: 's' | 'a', name: string): string {
  const index = SAID.findIndex(([known]) => known === name);
  if (index < 0) throw new RangeError(`no end says ${name}`);
  return `tupleElement(${end}, ${index + 1})`;
}

type At = (at_ms: number) => string;

const either = (sql: (end: 's' | 'a') => string): string => `(${sql('s')} OR ${sql('a')})`;
const speaks =
  (end: 's' | 'a'): At =>
  (at_ms) =>
    `${said(end, 'state_ms')} > ${at_ms - STALE_MS - ROUNDING_MS}`;
const least = (name: string): string =>
  `least(${(['s', 'a'] as const).map((end) => `${said(end, 'state_ms')} = 0 ? ${NEVER} : ${said(end, name)}`).join(', ')})`;
/** The gap that an end's counters allow for, ms. */
const gap = (end: 's' | 'a'): string =>
  `${end}_beating ? ${said(end, 'now_ms')} - greatest(${said(end, 'connected_ms')}, ${said(end, 'beats')} > 0 ? ${said(end, 'beat_ms')} - ${COUNTING_SLACK_MS} : 0) : -1`;
const lost = (sender: 's' | 'a', receiver: 's' | 'a'): string =>
  `${said(receiver, 'received')} >= 0 AND ${said(sender, 'sent')} - ${said(receiver, 'received')} >= ${OVERDUE_MIN}`;

/** Each may use those before it. */
const CONDITIONS: readonly (readonly [name: string, sql: At])[] = [
  ['s_open', (at_ms) => `${speaks('s')(at_ms)} AND ${said('s', 'connected')}`],
  ['a_open', (at_ms) => `${speaks('a')(at_ms)} AND ${said('a', 'connected')}`],
  ['s_beating', () => `s_open AND ${said('s', 'counts_beats')}`],
  ['a_beating', () => `a_open AND ${said('a', 'counts_beats')}`],
  // Open beyond doubt: an end says so, and none that may be heard denies it.
  [
    'is_open',
    (at_ms) =>
      `${either((end) => `(${end}_open AND ${said(end, 'state_ms')} > ${at_ms - STALE_MS + ROUNDING_MS})`)}
            AND NOT ${either((end) => `(${speaks(end)(at_ms)} AND NOT ${end}_open)`)}`,
  ],
  [
    'lately_open',
    (at_ms) =>
      `closed_ms > ${at_ms - UNCONNECTED_MS + ROUNDING_MS} OR ${either((end) => `(${said(end, 'connected')} AND ${said(end, 'state_ms')} > ${at_ms - UNCONNECTED_MS + ROUNDING_MS})`)}`,
  ],
  ['interval_ms', () => least('interval_ms')],
  ['timeout_ms', () => least('timeout_ms')],
  ['record_ms', () => `s_open ? ${said('s', 'record_ms')} : -1`],
  [
    'certain',
    (at_ms) =>
      `${either((end) => `(${end}_open AND (${said(end, 'suspicious')} OR ${said(end, 'waits')} AND (${said(end, 'executes')} OR executions_hang)))`)}
            OR (s_open AND a_open AND (${lost('s', 'a')} OR ${lost('a', 's')}))
            OR ${either((end) => `(${said(end, 'connected')} AND ${said(end, 'state_ms')} <= ${at_ms - SILENT_MS + ROUNDING_MS})`)}
            OR s_alive > s_open OR a_alive > a_open
            OR (NOT is_open AND NOT lately_open AND (expected OR ${speaks('a')(at_ms)}))
            OR closes >= ${CLOSES_MIN}
            OR writes_hang
            OR (interval_ms < ${NEVER} AND record_ms >= ${MISSED_BEATS} * interval_ms - ${ROUNDING_MS})`,
  ],
  [
    'beats_missed',
    () =>
      `if(interval_ms < ${NEVER}, greatest(${gap('s')}, ${gap('a')}) >= ${MISSED_BEATS} * interval_ms - ${ROUNDING_MS}, s_beating OR a_beating OR record_ms >= 0)`,
  ],
];

/** What the ends say on their present connections, chosen as `end_arrays` chooses; and how many connections are alive. */
function perChannel(at_ms: number): string {
  const present = (end: string): string =>
    `argMaxIf((${SAID.map(([, sql]) => sql).join(', ')}), is_connected ? 2305843009213693952 + first_ms : state_ms, channel_end = '${end}')`;
  const alive = (end: string): string =>
    `countIf(channel_end = '${end}' AND is_connected AND state_ms > ${at_ms - STALE_MS - ROUNDING_MS})`;
  return `
        SELECT channel_id, ${present('server')} AS s, ${present('agent')} AS a, ${alive('server')} AS s_alive, ${alive('agent')} AS a_alive
        FROM (${perConnection(at_ms)})
        GROUP BY channel_id`;
}

const within = (at_ms: number, seconds: number): string =>
  `seen_at <= fromUnixTimestamp64Milli(${at_ms}) AND seen_at > fromUnixTimestamp64Milli(${at_ms - seconds * 1000})
                AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes(fromUnixTimestamp64Milli(${at_ms - seconds * 1000}))`;

function inventory(at_ms: number): string {
  return `
        SELECT channel_id, 1 AS expected FROM expected_channels
        WHERE ${within(at_ms, EXPECTATION_LOOKBACK_S)}
        GROUP BY channel_id`;
}

/** Sessions closed, and the last close, as `connection_signals` tells them apart. */
function closes(at_ms: number): string {
  return `
        SELECT channel_id, count() AS closes, max(session_closed_ms) AS closed_ms
        FROM
        (
            SELECT channel_id, if(connection_id = '', toString(toStartOfInterval(seen_at, INTERVAL 5 SECOND)), connection_id) AS session,
                toUnixTimestamp64Milli(min(seen_at)) AS session_closed_ms
            FROM connection_events
            WHERE ${within(at_ms, LOOKBACK_S)} AND event = 'close'
            GROUP BY channel_id, session
        )
        GROUP BY channel_id`;
}

/** Stages that were begun and not reported as ended for so long as `pending_signals` waits for another report. */
function pending(at_ms: number): string {
  return `
        SELECT channel_id, countIf(stage = 'socket_write') > 0 AS writes_hang, countIf(stage = 'execute') > 0 AS executions_hang
        FROM
        (
            SELECT channel_id, stage, max(seen_at) AS reported_at, min(started_at) AS began_at
            FROM pending_stages
            WHERE ${within(at_ms, LOOKBACK_S + 300)} AND stage IN ('socket_write', 'execute')
            GROUP BY channel_id, channel_end, connection_id, stage, frame_id
            HAVING dateDiff('second', reported_at, fromUnixTimestamp64Milli(${at_ms})) <= dateDiff('second', began_at, reported_at) + 15
        )
        GROUP BY channel_id`;
}
