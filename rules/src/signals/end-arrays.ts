import { BY_PARAMETER, type ChannelScope } from './scope.js';
import {
  CROSSING_S,
  FLOOR_S,
  LONG_OVERDUE_S,
  LOOKBACK_S,
  OVERDUE_S,
  RECENT_S,
  STALE_STATE_S,
} from './windows.js';

/**
 * View `end_arrays(at, channel)`: what each end of each channel says about its present connection at an instant, one
 * row per channel and end. Counters and gauges stand in arrays, so that one aggregate serves all of them: the engine's
 * planning time grows with the number of expressions (a hundred columns cost 200 ms a query, these arrays 20). Unobserved
 * is NULL. `end_signals` gives the same with names, for people.
 *
 * The memory per connection is constant, whatever the number of states in the window. Counters only grow, so
 * `max((progress, -work))` finds in one pass how much work had been counted when progress last moved: the work counted
 * since then is due. `max((counter, -time))` likewise finds when a counter reached its present value.
 */
export function endArraysView(): string {
  return `CREATE OR REPLACE VIEW end_arrays AS
${endArrays(BY_PARAMETER)}`;
}

export function endArrays(scope: ChannelScope): string {
  return `WITH
    heard AS
    (
        SELECT channel_id, channel_end, max(seen_at) AS heard_at
        FROM channel_states
        WHERE ${inWindow(scope)}
        GROUP BY channel_id, channel_end
    ),
    states AS
    (
        SELECT
            channel_id,
            channel_end,
            connection_id,
            seen_at,
            toUnixTimestamp64Milli(seen_at) AS ms,
            ifNull(connected, false) AS is_connected,
            (transport, agent_version, site, gateway, service, service_instance) AS labels,
            [${COUNTERS.map(([, sql]) => orUnobserved(sql)).join(', ')}] AS counters,
            [${GAUGES.map(([, sql]) => orUnobserved(sql)).join(', ')}] AS gauges,
            -- An end's present is its own: its last state and one period more, never past the instant. So clocks that
            -- are apart do not turn what is in flight into what is overdue.
            least({at:DateTime64(3)}, toDateTime64(addSeconds(heard_at, 10), 3)) AS end_now,
            dateDiff('millisecond', seen_at, end_now) / 1000 AS age_s
        FROM channel_states
        INNER JOIN heard USING (channel_id, channel_end)
        WHERE ${inWindow(scope)}
    )
SELECT
    *,
    [${DUE_PAIRS.map(({ progress }) => `counters_now[${counterIndex(progress)}]`).join(', ')}] AS progress_now,
    ${dueSince('counters_now')} AS due,
    ${dueSince('overdue_mark')} AS overdue,
    ${dueSince('long_overdue_mark')} AS long_overdue
FROM
(
    SELECT
        channel_id,
        channel_end,
        connection_id,
        argMax(labels, ms) AS labels,
        any(end_now) AS end_now,
        min(ms) AS first_state_ms,
        max(ms) AS state_ms,
        -- of two claims of one millisecond, the one that denies nothing
        max((ms, is_connected)).2 AS connected,
        minIf(ms, is_connected) AS connected_ms,
        maxIf(ms, is_connected) AS last_connected_ms,
        -- latest value of each gauge, and when it was last true or above zero
        arrayMap(x -> nullIf(x.2, -1), maxForEach(arrayMap(x -> (if(x < 0, -1, ms), x), gauges))) AS gauges_now,
        maxForEach(arrayMap(x -> if(x > 0, ms, 0), gauges)) AS gauges_positive_ms,
        maxForEachIf(gauges, age_s < ${RECENT_S}) AS gauges_peak,
        minForEachIf(gauges, age_s < ${FLOOR_S}) AS gauges_floor,
        arrayMap(x -> nullIf(x, -1), maxForEach(counters)) AS counters_now,
        arrayMap(x -> -x.2, maxForEach(arrayMap(x -> (x, -ms), counters))) AS moved_ms,
        -- over all connections that the end holds open
        maxIf(moved_ms[${counterIndex('tx_any')}], connected AND dateDiff('millisecond', fromUnixTimestamp64Milli(state_ms), end_now) < ${STALE_STATE_S * 1000})
            OVER (PARTITION BY channel_id, channel_end) AS tx_anywhere_moved_ms,
        ${AGES.map(({ name, age_s }) => `arrayMap(x -> greatest(x, 0), arrayResize(maxForEachIf(counters, age_s >= ${age_s}), ${COUNTERS.length})) AS ${name}`).join(',\n        ')},
        arrayMap(x -> -x.2, maxForEach([${DUE_PAIRS.map(({ work, progress }) => `(counters[${counterIndex(progress)}], -counters[${counterIndex(work)}])`).join(', ')}])) AS settled_work
    FROM states
    GROUP BY channel_id, channel_end, connection_id
    -- the present connection: the last opened of those that are open, else the one last heard of
    ORDER BY connected DESC, if(connected, first_state_ms, state_ms) DESC
    LIMIT 1 BY channel_id, channel_end
)`;
}

/** Counters of a connection, each with its SQL over `channel_states`. Their order is the order of the arrays. */
const COUNTERS = [
  ['tx_any', 'tx_frames + ifNull(tx_control, 0)'],
  ['rx_any', 'rx_frames + ifNull(rx_control, 0)'],
  ...[
    'tx_frames',
    'rx_frames',
    'tx_control',
    'rx_control',
    'tx_heartbeats',
    'rx_heartbeats',
    'tx_commands',
    'rx_commands',
    'tx_acks',
    'rx_acks',
    'executed',
    'rx_decode_errors',
    'rx_unrouted',
    'handler_errors',
  ].map((name) => [name, name] as const),
] as const;

/** Beliefs (0 or 1) and gauges, in the order of the arrays. */
const GAUGES = [
  'reader_alive',
  'writer_alive',
  'handler_alive',
  'heartbeat_active',
  'queue_depth',
  'queue_oldest_ms',
  'executing',
  'last_seen_age_ms',
  'heartbeat_interval_ms',
  'heartbeat_timeout_ms',
  'state_interval_ms',
  'event_loop_lag_ms',
].map((name) => [name, name] as const);

/** Work and the progress that is due after it, both counted at one end: no clocks to compare, no loss of telemetry. */
export const DUE_PAIRS = [
  {
    name: 'acks',
    work: 'tx_commands',
    progress: 'rx_acks',
    meaning: 'commands written since the last acknowledgement came',
  },
  {
    name: 'pongs',
    work: 'tx_control',
    progress: 'rx_control',
    meaning: 'pings written since the last pong came',
  },
  {
    name: 'executions',
    work: 'rx_commands',
    progress: 'executed',
    meaning: 'commands received since the last execution ended',
  },
  {
    name: 'replies',
    work: 'rx_commands',
    progress: 'tx_acks',
    meaning: 'commands received since the last acknowledgement was written',
  },
  {
    name: 'beat_executions',
    work: 'rx_heartbeats',
    progress: 'executed',
    meaning: 'heartbeats received since the last execution ended',
  },
] as const;

/** Counters as they were so many seconds before the end's own present. */
const AGES = [
  { name: 'overdue_mark', age_s: OVERDUE_S },
  { name: 'long_overdue_mark', age_s: LONG_OVERDUE_S },
  { name: 'recent_mark', age_s: RECENT_S },
  { name: 'crossing_mark', age_s: CROSSING_S },
  { name: 'crossing_mark_before', age_s: CROSSING_S + RECENT_S },
] as const;

export const COUNTER_ORDER: readonly string[] = COUNTERS.map(([name]) => name);
export const GAUGE_ORDER: readonly string[] = GAUGES.map(([name]) => name);

/** 1-based, as ClickHouse counts. */
export function counterIndex(name: string): number {
  return indexIn(COUNTER_ORDER, name);
}

export function gaugeIndex(name: string): number {
  return indexIn(GAUGE_ORDER, name);
}

function indexIn(order: readonly string[], name: string): number {
  const index = order.indexOf(name);
  if (index < 0) throw new RangeError(`no counter or gauge is called ${name}`);
  return index + 1;
}

function orUnobserved(sql: string): string {
  return `toInt64(ifNull(${sql}, -1))`;
}

/** By pair: work counted by then, less what was settled; NULL where the work or its progress is unobserved. */
function dueSince(array: string): string {
  const work = DUE_PAIRS.map((pair) => `${array}[${counterIndex(pair.work)}]`).join(', ');
  const observed = DUE_PAIRS.map((pair) => `counters_now[${counterIndex(pair.work)}]`).join(', ');
  return `arrayMap((w, o, p, s) -> if(o IS NULL OR p IS NULL, NULL, greatest(w - s, 0)), [${work}], [${observed}], progress_now, settled_work)`;
}

const inWindow = (scope: ChannelScope): string => `seen_at <= {at:DateTime64(3)}
            AND seen_at > {at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND
            AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND)
            AND ${scope}`;
