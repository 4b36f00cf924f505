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

/** Age of a connection's last state at which its end may still hold it open: by the end's present, which may be as old. */
const HELD_MS = 2 * STALE_MS - 10_000;

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
  const steps = STEPS.reduce(
    (inner, step) => `SELECT *,\n    ${step(at_ms).join(',\n    ')}\nFROM\n(\n${inner}\n)`,
    perChannel(at_ms),
  );
  return `SELECT
    channel_id,
    toUInt8(certain) AS certain,
    interval_ms,
    timeout_ms,
    record_ms,
    s_open ? s_beat_ms : -1 AS server_beat_ms,
    s_connected_ms AS server_connected_ms,
    s_now_ms AS server_now_ms,
    a_open ? a_beat_ms : -1 AS agent_beat_ms,
    a_connected_ms AS agent_connected_ms,
    a_now_ms AS agent_now_ms
FROM (${steps})
WHERE certain OR beats_missed`;
}

/** The server and the agent: prefixes of what they say. */
type End = 's' | 'a';
const each = (sql: (end: End) => string): string[] => [sql('s'), sql('a')];
const either = (sql: (end: End) => string): string => `(${each(sql).join(' OR ')})`;

/** What `perConnection` tells of each. */
const COLUMNS = [
  'channel_id',
  'at_server',
  'precedence',
  'claim',
  'flags',
  'connected_ms',
  'sent',
  'received',
  'beat_ms',
  'record_ms',
  'interval_ms',
  'timeout_ms',
] as const;
const NEUTRAL: Readonly<Record<string, string>> = { interval_ms: NEVER, timeout_ms: NEVER };

/** Stands in `at_server` for what no end says; a union costs the engine less planning than joins. */
const MARK = 2;
const MARKS = { expected: 1, flaps: 2, writes_hang: 4, executions_hang: 8 } as const;
const marked = (name: keyof typeof MARKS): string => `bitAnd(marks, ${MARKS[name]}) > 0`;

function mark(channels: string, values: Readonly<Partial<Record<(typeof COLUMNS)[number], string>>>): string {
  const known: Readonly<Record<string, string>> = {
    ...NEUTRAL,
    channel_id: 'channel_id',
    at_server: `${MARK}`,
    ...values,
  };
  return `SELECT ${COLUMNS.map((name) => `${known[name] ?? '0'} AS ${name}`).join(', ')} FROM (${channels})`;
}

/** What the ends say on their present connections, chosen as `end_arrays` chooses; and how many connections are alive. */
function perChannel(at_ms: number): string {
  const present = (end: End): string[] =>
    ['claim', 'flags', 'connected_ms', 'sent', 'received', 'beat_ms'].map(
      (name) => `argMaxIf(c.${name}, precedence, at_server = ${end === 's' ? 1 : 0}) AS ${end}_${name}`,
    );
  const alive = (end: End): string =>
    `countIf(at_server = ${end === 's' ? 1 : 0} AND claim % 2 = 1 AND claim > ${2 * (at_ms - HELD_MS - ROUNDING_MS) + 1}) AS ${end}_alive`;
  return `
        SELECT
            channel_id,
            ${[...each((end) => present(end).join(',\n            ')), ...each(alive)].join(',\n            ')},
            argMaxIf(c.record_ms, precedence, at_server = 1) AS record_ms,
            min(c.interval_ms) AS interval_ms,
            min(c.timeout_ms) AS timeout_ms,
            groupBitOrIf(c.flags, at_server = ${MARK}) AS marks,
            maxIf(c.claim, at_server = ${MARK}) AS closed_ms
        FROM
        (
            SELECT ${COLUMNS.join(', ')} FROM (${perConnection(at_ms)})
            UNION ALL ${mark(inventory(at_ms), { flags: `${MARKS.expected}` })}
            UNION ALL ${mark(closes(at_ms), { flags: `(closes >= ${CLOSES_MIN}) * ${MARKS.flaps}`, claim: 'session_closed_ms' })}
            UNION ALL ${mark(pending(at_ms), { flags: `writes_hang * ${MARKS.writes_hang} + executions_hang * ${MARKS.executions_hang}` })}
        ) AS c
        GROUP BY channel_id`;
}

const stale = (at_ms: number): number => at_ms - STALE_MS - ROUNDING_MS;
/** The gap that an end's counters allow for, ms. */
const gap = (end: End): string =>
  `if(${end}_open AND ${end}_beat_ms >= 0, ${end}_now_ms - greatest(${end}_connected_ms, ${end}_beat_ms - ${COUNTING_SLACK_MS}), -1)`;
const lost = (sender: End, receiver: End): string =>
  `(${receiver}_received >= 0 AND ${sender}_sent - ${receiver}_received >= ${OVERDUE_MIN})`;

/**
 * One step of the judgement a query, each over the one before: the engine writes an alias out wherever it is used, and its
 * planning would take longer than the query.
 */
const STEPS: readonly ((at_ms: number) => readonly string[])[] = [
  (at_ms) => [
    ...each((end) => `intDiv(${end}_claim, 2) AS ${end}_state_ms`),
    ...each((end) => `${end}_claim % 2 = 1 AS ${end}_connected`),
    ...each((end) => `${end}_claim > ${2 * stale(at_ms) + 1} AS ${end}_speaks`),
    // Beyond doubt: as long as the views, too, hold that it speaks.
    ...each((end) => `${end}_claim > ${2 * (stale(at_ms) + 2 * ROUNDING_MS) + 1} AS ${end}_surely`),
  ],
  (at_ms) => [
    ...each((end) => `${end}_speaks AND ${end}_connected AS ${end}_open`),
    ...each((end) => `least(${at_ms}, ${end}_state_ms + 10000) AS ${end}_now_ms`),
    ...each(
      (end) =>
        `(bitAnd(${end}_flags, 1) > 0 OR bitAnd(${end}_flags, 2) > 0 AND (bitAnd(${end}_flags, 4) > 0 OR ${marked('executions_hang')})) AS ${end}_suspicious`,
    ),
    // An end says that the channel is open, and none that may be heard denies it.
    `${either((end) => `(${end}_surely AND ${end}_connected)`)} AND NOT ${either((end) => `(${end}_speaks AND NOT ${end}_connected)`)} AS is_open`,
    `closed_ms > ${at_ms - UNCONNECTED_MS + ROUNDING_MS} OR ${either((end) => `(${end}_connected AND ${end}_state_ms > ${at_ms - UNCONNECTED_MS + ROUNDING_MS})`)} AS lately_open`,
  ],
  (at_ms) => [
    `${either((end) => `(${end}_speaks AND ${end}_suspicious)`)}
        OR (s_open AND a_open AND (${lost('s', 'a')} OR ${lost('a', 's')}))
        OR ${either((end) => `(${end}_connected AND ${end}_state_ms <= ${at_ms - SILENT_MS + ROUNDING_MS})`)}
        OR ${either((end) => `${end}_alive > ${end}_open`)}
        OR (NOT is_open AND NOT lately_open AND (${marked('expected')} OR a_speaks))
        OR ${marked('flaps')}
        OR ${marked('writes_hang')}
        OR (s_open AND interval_ms < ${NEVER} AND record_ms >= ${MISSED_BEATS} * interval_ms - ${ROUNDING_MS}) AS certain`,
    `if(interval_ms < ${NEVER}, greatest(${gap('s')}, ${gap('a')}) >= ${MISSED_BEATS} * interval_ms - ${ROUNDING_MS},
        ${either((end) => `(${end}_open AND ${end}_beat_ms >= 0)`)} OR s_open AND record_ms >= 0) AS beats_missed`,
  ],
];

const within = (at_ms: number, seconds: number): string =>
  `seen_at <= fromUnixTimestamp64Milli(${at_ms}) AND seen_at > fromUnixTimestamp64Milli(${at_ms - seconds * 1000})
                AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes(fromUnixTimestamp64Milli(${at_ms - seconds * 1000}))`;

function inventory(at_ms: number): string {
  return `
        SELECT channel_id FROM expected_channels
        WHERE ${within(at_ms, EXPECTATION_LOOKBACK_S)}`;
}

/** Sessions closed, and the last close, as `connection_signals` tells them apart. */
function closes(at_ms: number): string {
  return `
        SELECT channel_id, count() AS closes, max(closed_at_ms) AS session_closed_ms
        FROM
        (
            SELECT channel_id, if(connection_id = '', toString(toStartOfInterval(seen_at, INTERVAL 5 SECOND)), connection_id) AS session,
                toUnixTimestamp64Milli(min(seen_at)) AS closed_at_ms
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
