import { clickhouseTime, quoted, type Store } from '@halfopen/store';
import type {
  ChannelSignals,
  ConnectionSignals,
  DuplicateSignals,
  EndName,
  EndSignals,
  ExpectationSignals,
  FleetSignals,
  HeartbeatSignals,
  PendingSignals,
  Population,
} from './signals.js';
import { populationsSql } from './populations.js';
import { LISTENER_S, LOOKBACK_S, RECENT_S } from './windows.js';

/** The signals are small; threads would cost more to start than they save, and ingestion needs its cores. */
const ONE_THREAD = { max_threads: 1 };

type ByChannel<Row> = Row & { readonly channel_id: string };
type ByEnd<Row> = Row & { readonly channel_id: string; readonly channel_end: string };

/**
 * Reads the signals of all channels, or of one, at an instant: a function of (store, instant).
 *
 * @param instant_ms ms since the epoch
 */
export async function readSignals(store: Store, instant_ms: number, channel = ''): Promise<ChannelSignals[]> {
  const scope = `(at = '${clickhouseTime(instant_ms)}', channel = ${quoted(channel)})`;
  const query = <Row>(sql: string): Promise<Row[]> => store.query<Row>(sql, { settings: ONE_THREAD });
  const [ends, connections, expectations, heartbeats, pending, duplicates, fleet] = await Promise.all([
    query<ByEnd<EndSignals>>(`SELECT * FROM end_signals${scope}`),
    query<ByChannel<ConnectionSignals>>(
      `SELECT * EXCEPT (first_event_at, connected_at, attempted_at, closed_at),
         ${ms('first_event_at', 'first_event_ms')}, ${ms('connected_at', 'connected_ms')}, ${ms('closed_at', 'closed_ms')}
       FROM connection_signals${scope}`,
    ),
    query<ByChannel<ExpectationSignals>>(
      `SELECT channel_id, service, site, gateway, expected,
         ${ms('first_expected_at', 'first_expected_ms')}, ${ms('last_expected_at', 'last_expected_ms')}
       FROM expectation_signals${scope}`,
    ),
    query<ByChannel<HeartbeatSignals>>(
      `SELECT channel_id, median_gap_s, ${ms('received_at', 'received_ms')}, ${ms('enqueued_at', 'enqueued_ms')},
         ${ms('written_at', 'written_ms')}, ${ms('executed_at', 'executed_ms')},
         ${ms('execution_failed_at', 'failed_ms')}, ${ms('dropped_at', 'dropped_ms')}
       FROM heartbeat_signals${scope}`,
    ),
    query<ByEnd<PendingSignals>>(
      `SELECT channel_id, channel_end, connection_id, writes, executions, ${ms('oldest_write_at', 'oldest_write_ms')},
         ${ms('oldest_execution_at', 'oldest_execution_ms')}
       FROM pending_signals${scope}
       ORDER BY connection_id`,
    ),
    query<ByChannel<DuplicateSignals>>(
      `SELECT channel_id, executed_twice, last_frame_id, last_executors,
         ${ms('first_twice_at', 'first_twice_ms')}, ${ms('last_twice_at', 'last_twice_ms')}
       FROM duplicate_signals${scope}`,
    ),
    readFleet(store, instant_ms),
  ]);
  return assemble(instant_ms, { ends, connections, expectations, heartbeats, pending, duplicates, fleet });
}

interface Rows {
  readonly ends: readonly ByEnd<EndSignals>[];
  readonly connections: readonly ByChannel<ConnectionSignals>[];
  readonly expectations: readonly ByChannel<ExpectationSignals>[];
  readonly heartbeats: readonly ByChannel<HeartbeatSignals>[];
  readonly pending: readonly ByEnd<PendingSignals>[];
  readonly duplicates: readonly ByChannel<DuplicateSignals>[];
  readonly fleet: FleetSignals;
}

/** One entry per channel that an end, a connection event or the inventory speaks of, in the order of their names. */
function assemble(instant_ms: number, rows: Rows): ChannelSignals[] {
  const connections = byChannel(rows.connections);
  const expectations = byChannel(rows.expectations);
  const heartbeats = byChannel(rows.heartbeats);
  const duplicates = byChannel(rows.duplicates);
  const relays = byChannel(rows.ends.filter(({ channel_end }) => channel_end === 'relay'));
  const ends = byEnd(rows.ends);
  // What hangs on a connection that has been given up says nothing of the present one.
  const pending = byEnd(
    rows.pending.filter(
      ({ channel_id, channel_end, connection_id }) =>
        (presentConnection(ends.get(channel_id), channel_end) ?? connection_id) === connection_id,
    ),
  );
  const names = new Set([...ends.keys(), ...connections.keys(), ...expectations.keys()]);
  return [...names].sort().map((channel) => ({
    channel,
    instant_ms,
    ends: ends.get(channel) ?? {},
    pending: pending.get(channel) ?? {},
    connections: connections.get(channel),
    expectation: expectations.get(channel),
    heartbeats: heartbeats.get(channel),
    ...present('relay', relays.get(channel)),
    ...present('duplicates', duplicates.get(channel)),
    fleet: rows.fleet,
  }));
}

function present<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}

function presentConnection(
  ends: Partial<Record<EndName, EndSignals>> | undefined,
  end: string,
): string | undefined {
  return end === 'server' || end === 'agent' ? ends?.[end]?.connection_id : undefined;
}

function byChannel<Row extends { readonly channel_id: string }>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [row.channel_id, row]));
}

function byEnd<Row extends { readonly channel_id: string; readonly channel_end: string }>(
  rows: readonly Row[],
): Map<string, Partial<Record<EndName, Row>>> {
  const channels = new Map<string, Partial<Record<EndName, Row>>>();
  for (const row of rows) {
    if (row.channel_end !== 'server' && row.channel_end !== 'agent') continue;
    const ends = channels.get(row.channel_id) ?? {};
    ends[row.channel_end] = row;
    channels.set(row.channel_id, ends);
  }
  return channels;
}

async function readFleet(store: Store, instant_ms: number): Promise<FleetSignals> {
  const at = `toDateTime64('${clickhouseTime(instant_ms)}', 3)`;
  const since = (seconds: number): string =>
    `seen_at <= ${at} AND seen_at > ${at} - INTERVAL ${seconds} SECOND AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes(${at} - INTERVAL ${seconds} SECOND)`;
  const [states, populations, listeners] = await Promise.all([
    store.query<{ service: string; acknowledged: boolean; last_state_ms: number; lag_ms: number }>(
      `SELECT service, toBool(max(ifNull(rx_acks, 0)) > 0) AS acknowledged,
         ifNull(maxOrNullIf(toInt64(event_loop_lag_ms), seen_at > ${at} - INTERVAL ${RECENT_S} SECOND), toInt64(-1)) AS lag_ms,
         toUnixTimestamp64Milli(max(seen_at)) AS last_state_ms
       FROM channel_states
       WHERE ${since(LOOKBACK_S)} AND channel_end = 'server'
       GROUP BY service`,
    ),
    store.query<Population & { service: string }>(populationsSql(instant_ms)),
    store.query<{ service: string; up: boolean; address: string }>(
      `SELECT service, min(listens) AS up, argMin(at_address, listens) AS address
       FROM
       (
           SELECT service, ifNull(argMax(listener_up, seen_at), true) AS listens,
               -- an instance that was stopped is no trouble while another one listens: a deploy looks like that
               argMax(error_type, seen_at) = 'closed' AND NOT listens
                   AND countIf(listens) OVER (PARTITION BY service) > countIf(listens) OVER (PARTITION BY service, service_instance) AS succeeded,
               server_address || if(server_port IS NULL, '', ':' || toString(assumeNotNull(server_port))) AS at_address
           FROM listener_states
           WHERE ${since(LISTENER_S)}
           GROUP BY service, service_instance, server_address, server_port
       )
       WHERE NOT succeeded
       GROUP BY service`,
    ),
  ]);
  return {
    acknowledging: new Set(states.filter(({ acknowledged }) => acknowledged).map(({ service }) => service)),
    listeners: new Map(listeners.map(({ service, up, address }) => [service, { up, address }])),
    populations: new Map(populations.map((population) => [population.service, population])),
    server_lag_ms: new Map(states.map(({ service, lag_ms }) => [service, lag_ms])),
    server_state_ms: new Map(states.map(({ service, last_state_ms }) => [service, last_state_ms])),
  };
}

/** A moment as ms since the epoch; NULL where it is NULL or, from an outer join, the epoch itself. */
function ms(moment: string, name: string): string {
  return `nullIf(toUnixTimestamp64Milli(ifNull(${moment}, toDateTime64(0, 9))), 0) AS ${name}`;
}
