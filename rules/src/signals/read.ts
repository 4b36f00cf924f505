import { clickhouseTime, quoted, type Store } from '@halfopen/store';
import { connectionSignals } from './connection-signals.js';
import { duplicateSignals } from './duplicate-signals.js';
import { endSignals } from './end-signals.js';
import { expectationSignals } from './expectation-signals.js';
import { readFleet } from './fleet-signals.js';
import { heartbeatSignals } from './heartbeat-signals.js';
import { pendingSignals } from './pending-signals.js';
import { EVERY_CHANNEL, oneOf, type ChannelScope } from './scope.js';
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
} from './signals.js';

/** The signals are small; threads would cost more to start than they save, and ingestion needs its cores. */
const ONE_THREAD = { max_threads: 1 };

type ByChannel<Row> = Row & { readonly channel_id: string };
type ByEnd<Row> = Row & { readonly channel_id: string; readonly channel_end: string };

/**
 * Reads the signals of all channels, or of some, at an instant: a function of (store, instant).
 *
 * @param instant_ms ms since the epoch
 * @param channels all unless given
 */
export async function readSignals(
  store: Store,
  instant_ms: number,
  channels?: readonly string[],
): Promise<ChannelSignals[]> {
  if (channels?.length === 0) return [];
  const fleet = await readFleet(store, instant_ms);
  const signals: ChannelSignals[] = [];
  for (const scope of channels === undefined ? [EVERY_CHANNEL] : inPieces(channels).map(oneOf))
    signals.push(...(await readScope(store, instant_ms, scope, fleet)));
  return signals;
}

/** Text of one query's names, bytes: a query holds them a few times over, and the engine takes 256 KiB. */
const NAMES_BYTES_MAX = 32_768;

/** Sorted, each once, in pieces that fit a query. A name longer than a piece is a piece. */
function inPieces(channels: readonly string[]): string[][] {
  const pieces: string[][] = [];
  let bytes = Infinity;
  for (const channel of [...new Set(channels)].sort()) {
    const more = Buffer.byteLength(quoted(channel)) + 2;
    if (bytes + more > NAMES_BYTES_MAX) {
      pieces.push([]);
      bytes = 0;
    }
    pieces.at(-1)?.push(channel);
    bytes += more;
  }
  return pieces;
}

async function readScope(
  store: Store,
  instant_ms: number,
  scope: ChannelScope,
  fleet: FleetSignals,
): Promise<ChannelSignals[]> {
  const params = { at: clickhouseTime(instant_ms) };
  const query = <Row>(sql: string): Promise<Row[]> => store.query<Row>(sql, { params, settings: ONE_THREAD });
  const [ends, connections, expectations, heartbeats, pending, duplicates] = await Promise.all([
    query<ByEnd<EndSignals>>(endSignals(scope)),
    query<ByChannel<ConnectionSignals>>(
      `SELECT * EXCEPT (first_event_at, connected_at, attempted_at, closed_at),
         ${ms('first_event_at', 'first_event_ms')}, ${ms('connected_at', 'connected_ms')}, ${ms('closed_at', 'closed_ms')}
       FROM (${connectionSignals(scope)})`,
    ),
    query<ByChannel<ExpectationSignals>>(
      `SELECT channel_id, service, site, gateway, expected,
         ${ms('first_expected_at', 'first_expected_ms')}, ${ms('last_expected_at', 'last_expected_ms')}
       FROM (${expectationSignals(scope)})`,
    ),
    query<ByChannel<HeartbeatSignals>>(
      `SELECT channel_id, median_gap_s, ${ms('received_at', 'received_ms')}, ${ms('enqueued_at', 'enqueued_ms')},
         ${ms('written_at', 'written_ms')}, ${ms('executed_at', 'executed_ms')},
         ${ms('execution_failed_at', 'failed_ms')}, ${ms('dropped_at', 'dropped_ms')}
       FROM (${heartbeatSignals(scope)})`,
    ),
    query<ByEnd<PendingSignals>>(
      `SELECT channel_id, channel_end, connection_id, writes, executions, ${ms('oldest_write_at', 'oldest_write_ms')},
         ${ms('oldest_execution_at', 'oldest_execution_ms')}
       FROM (${pendingSignals(scope)})
       ORDER BY connection_id`,
    ),
    query<ByChannel<DuplicateSignals>>(
      `SELECT channel_id, executed_twice, last_frame_id, last_executors,
         ${ms('first_twice_at', 'first_twice_ms')}, ${ms('last_twice_at', 'last_twice_ms')}
       FROM (${duplicateSignals(scope)})`,
    ),
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

/** A moment as ms since the epoch; NULL where it is NULL or, from an outer join, the epoch itself. */
function ms(moment: string, name: string): string {
  return `nullIf(toUnixTimestamp64Milli(ifNull(${moment}, toDateTime64(0, 9))), 0) AS ${name}`;
}
