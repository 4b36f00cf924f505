import type {
  AttemptView,
  ChannelAnswer,
  ChannelRow,
  ConnectionView,
  CounterSeries,
  IncidentBrief,
} from '../contract.js';
import { clickhouseTime } from '@halfopen/store';
import type { Ask } from './ask.js';
import { claimsOf, END_COLUMNS, endView, type EndRow } from './claims.js';

export interface ChannelQuestion {
  readonly id: string;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Points of a chart; more than a chart has pixels for would not be seen. */
const POINTS_MAX = 240;
/** States come every ten seconds: finer shows nothing. */
const STEP_S_MIN = 10;
const CONNECTIONS_MAX = 100;
const ATTEMPTS_MAX = 100;

/** What each end of a channel claims and counts, its connections, its charts. */
export async function readChannel(
  ask: Ask,
  { id, from_ms, to_ms }: ChannelQuestion,
  row: ChannelRow | undefined,
  firing: readonly IncidentBrief[],
  signal: AbortSignal,
): Promise<ChannelAnswer> {
  const range = { id, from: clickhouseTime(from_ms), to: clickhouseTime(to_ms) };
  const step_s = Math.max(STEP_S_MIN, Math.ceil((to_ms - from_ms) / 1000 / POINTS_MAX / 10) * 10);
  const [ends, counters, connections, attempts, stored] = await Promise.all([
    ask.rows<EndRow>(ENDS, range, signal),
    ask.rows<CounterRow>(COUNTERS, { ...range, step: step_s }, signal),
    ask.rows<ConnectionView>(CONNECTIONS, range, signal),
    ask.rows<AttemptView>(ATTEMPTS, range, signal),
    storedRange(ask, id, signal),
  ]);
  return {
    id,
    row: row ?? null,
    from_ms,
    to_ms,
    stored,
    ends: ends.map(endView),
    claims: ends.flatMap(claimsOf),
    counters: seriesOf(counters),
    connections,
    attempts,
    incidents: firing.filter(({ channels }) => channels.includes(id)),
  };
}

export async function storedRange(
  ask: Ask,
  id: string,
  signal?: AbortSignal,
): Promise<{ first_ms: number; last_ms: number } | null> {
  const [row] = await ask.rows<{ first_ms: number; last_ms: number }>(STORED, { id }, signal);
  return row === undefined || row.last_ms === 0 ? null : row;
}

interface CounterRow {
  readonly channel_end: string;
  readonly connection_id: string;
  readonly at_s: number;
  readonly values: readonly (number | null)[];
}

/** Counters begin anew with each connection; their increments add up over all of them. */
function seriesOf(rows: readonly CounterRow[]): CounterSeries {
  const moments = [...new Set(rows.map(({ at_s }) => at_s))].sort((a, b) => a - b);
  const place = new Map(moments.map((at_s, index) => [at_s, index]));
  const series: Record<string, (number | null)[]> = {};
  const last = new Map<string, number>();
  const sums = new Map<string, number>();
  for (const { channel_end, connection_id, at_s, values } of rows) {
    COUNTED.forEach((name, index) => {
      const value = values[index] ?? null;
      if (value === null) return;
      const key = `${channel_end} ${name}`;
      const line = (series[key] ??= moments.map(() => null));
      const at = place.get(at_s) ?? 0;
      if (GAUGES.has(name)) {
        line[at] = Math.max(line[at] ?? 0, value);
        return;
      }
      const before = last.get(`${key} ${connection_id}`);
      // The first state of a connection that had begun before the range is where its count starts.
      const step =
        before === undefined ? (connectionsOf(last, key) ? value : 0) : Math.max(0, value - before);
      last.set(`${key} ${connection_id}`, value);
      sums.set(key, (sums.get(key) ?? 0) + step);
      line[at] = sums.get(key) ?? 0;
    });
  }
  return { at_s: moments, series };
}

/** Has the counter been seen on an earlier connection in this range? Then a new connection's count is all new. */
function connectionsOf(last: ReadonlyMap<string, number>, key: string): boolean {
  for (const known of last.keys()) if (known.startsWith(`${key} `)) return true;
  return false;
}

const COUNTED = [
  'tx_frames',
  'rx_frames',
  'tx_commands',
  'rx_commands',
  'executed',
  'rx_acks',
  'queue_depth',
];
const GAUGES = new Set(['queue_depth']);

const within = (column = 'seen_at'): string =>
  `${column} >= {from:DateTime64(3)} AND ${column} <= {to:DateTime64(3)}`;
const inParts =
  'toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({from:DateTime64(3)}) AND toStartOfFiveMinutes(seen_at) <= toStartOfFiveMinutes({to:DateTime64(3)})';

/** The rules' own view: claims and counters of the present connection of each end, at the end of the range. */
const ENDS = `
SELECT ${END_COLUMNS.join(', ')}
FROM end_signals(at = {to:DateTime64(3)}, channel = {id:String})
ORDER BY channel_end`;

const COUNTERS = `
SELECT
    channel_end,
    connection_id,
    toUnixTimestamp(toStartOfInterval(seen_at, INTERVAL {step:UInt32} SECOND)) AS at_s,
    [${COUNTED.map((name) => `maxOrNull(${name})`).join(', ')}] AS values
FROM channel_states
WHERE channel_id = {id:String} AND ${within()} AND ${inParts}
GROUP BY channel_end, connection_id, at_s
ORDER BY at_s, connection_id, channel_end
LIMIT 20000`;

const CONNECTIONS = `
SELECT
    connection_id,
    toUnixTimestamp64Milli(opened_at) AS opened_ms,
    toUnixTimestamp64Milli(closed_at) AS closed_ms,
    close_code,
    close_reason,
    closed_by,
    lifetime_ms,
    seen_by
FROM connections
WHERE channel_id = {id:String}
    AND ifNull(opened_at, closed_at) <= {to:DateTime64(3)}
    AND (closed_at IS NULL OR closed_at >= {from:DateTime64(3)})
ORDER BY ifNull(opened_at, closed_at) DESC
LIMIT ${CONNECTIONS_MAX}`;

const ATTEMPTS = `
SELECT
    toUnixTimestamp64Milli(seen_at) AS at_ms,
    channel_end AS end,
    outcome,
    phase,
    status_code,
    server_address || if(server_port IS NULL, '', ':' || toString(assumeNotNull(server_port))) AS target,
    error_type AS error
FROM connection_events
WHERE channel_id = {id:String} AND event = 'connect' AND outcome != 'ok' AND ${within()} AND ${inParts}
ORDER BY seen_at DESC
LIMIT ${ATTEMPTS_MAX}`;

const STORED = `
SELECT min(first_ms) AS first_ms, max(last_ms) AS last_ms
FROM
(
    SELECT toUnixTimestamp64Milli(min(seen_at)) AS first_ms, toUnixTimestamp64Milli(max(seen_at)) AS last_ms
    FROM channel_states WHERE channel_id = {id:String} HAVING count() > 0
    UNION ALL
    SELECT toUnixTimestamp64Milli(min(seen_at)), toUnixTimestamp64Milli(max(seen_at))
    FROM connection_events WHERE channel_id = {id:String} HAVING count() > 0
    UNION ALL
    SELECT toUnixTimestamp64Milli(min(seen_at)), toUnixTimestamp64Milli(max(seen_at))
    FROM frames WHERE channel_id = {id:String} HAVING count() > 0
)`;
