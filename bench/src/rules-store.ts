import type { Store } from '@halfopen/store';

/** What is broken in the store, and the rule that must say so. */
export const BROKEN = [
  { what: 'executes nothing and acknowledges nothing', rule: 'asymmetric-channel' },
  { what: 'does not receive its commands', rule: 'asymmetric-channel' },
  { what: 'says that its reader is dead', rule: 'zombie-handler' },
  { what: 'sends no heartbeats', rule: 'heartbeat-gap' },
  { what: 'sends no telemetry at the agent', rule: 'telemetry-gap' },
  { what: 'is expected and has never connected', rule: 'never-connected' },
  { what: 'is closed every minute', rule: 'flapping-channel' },
] as const;

/** Seconds of history: what an evaluation looks back over, and more. */
const HISTORY_S = 1080;

/** Of frames that were executed, and more than rules look back over. */
const EXECUTIONS_S = 240;

/** Faults begin so long before the end. */
const BROKEN_S = 300;

export interface BuiltFleet {
  readonly channels: number;
  /** Frames a second of each channel, both ways together. */
  readonly framesPerS: number;
  /** The last instant that the store covers, ms since the epoch. */
  readonly end_ms: number;
}

/** Its broken channels lie evenly among the healthy ones. */
export function brokenChannel({ channels }: BuiltFleet, index: number): string {
  return `agent-${index * Math.floor(channels / BROKEN.length)}`;
}

/**
 * Writes what ingest would have left behind of a fleet in its last minutes. Rows are made by the engine and put where
 * rules read; `channel_counts` and `channel_progress` come of `channel_states` through their real views. The last two
 * minutes of states come as spans, through all views.
 *
 * Counters tell of every frame. Of the frames themselves, rules read what `frame_executions` counts of the last minutes; and
 * of `frames` nothing, where nothing was executed twice.
 */
export async function buildFleet(store: Store, fleet: BuiltFleet): Promise<void> {
  const begin_ms = fleet.end_ms - HISTORY_S * 1000;
  const asSpans_ms = fleet.end_ms - 120_000;
  for (let at_ms = begin_ms; at_ms < asSpans_ms; at_ms += 60_000)
    await store.command(statesInto(fleet, at_ms, Math.min(at_ms + 60_000, asSpans_ms)));
  for (let at_ms = asSpans_ms; at_ms < fleet.end_ms; at_ms += 10_000)
    await store.command(stateSpansInto(fleet, at_ms, at_ms + 10_000));
  await store.command(sweepsInto(fleet));
  await store.command(heartbeatsInto(fleet));
  await store.command(closesInto(fleet));
  await store.command(executionsInto(fleet));
}

/** Rows of `numbers`: every end of every channel, and every ten seconds from one moment to another. */
function everyState(fleet: BuiltFleet, from_ms: number, to_ms: number): string {
  const { channels, framesPerS, end_ms } = fleet;
  const perChannel = Math.round((to_ms - from_ms) / 10_000) * 2;
  const spacing = Math.floor(channels / BROKEN.length);
  return `
    SELECT
        intDiv(number, ${perChannel}) AS c,
        if(c % ${spacing} = 0, intDiv(c, ${spacing}), 99) AS broken,
        number % 2 = 0 AS is_server,
        ${from_ms} + intDiv(number % ${perChannel}, 2) * 10000 + (c * 7919 + is_server * 5003) % 10000 AS ms,
        'agent-' || toString(c) AS channel,
        -- closed and opened anew every minute: the seventh
        broken = 6 ? intDiv(ms, 60000) : 0 AS life,
        (ms - (broken = 6 ? life * 60000 : ${end_ms - 3_600_000})) / 1000 AS open_s,
        least(ms, broken <= 3 ? ${end_ms - BROKEN_S * 1000} : ms) AS sound_ms,
        (sound_ms - (broken = 6 ? life * 60000 : ${end_ms - 3_600_000})) / 1000 AS sound_s,
        toUInt64(greatest(0, open_s * ${framesPerS / 2})) AS written,
        toUInt64(greatest(0, (broken = 1 ? sound_s : open_s - 0.03) * ${framesPerS / 2})) AS received,
        toUInt64(greatest(0, (broken <= 1 ? sound_s : open_s - 0.06) * ${framesPerS / 2})) AS done,
        toUInt64(greatest(0, (broken = 3 ? sound_s : open_s) / 30)) AS beats,
        toUInt64(greatest(0, open_s / 20)) AS pings
    FROM numbers(${channels * perChannel})
    WHERE broken != 5 AND NOT (broken = 4 AND NOT is_server AND ms > ${end_ms - BROKEN_S * 1000})`;
}

function statesInto(fleet: BuiltFleet, from_ms: number, to_ms: number): string {
  return `INSERT INTO channel_states (seen_at, channel_id, connection_id, channel_end, transport, agent_version, site, gateway,
    service, service_instance, connected, reader_alive, writer_alive, handler_alive, heartbeat_active, queue_depth, queue_oldest_ms,
    rx_age_ms, tx_age_ms, tx_frames, rx_frames, tx_control, rx_control, tx_heartbeats, rx_heartbeats, tx_commands, rx_commands,
    tx_acks, rx_acks, executed, tx_bytes, rx_bytes, rx_decode_errors, rx_unrouted, handler_errors, executing,
    heartbeat_interval_ms, heartbeat_timeout_ms, last_seen_age_ms, state_interval_ms, event_loop_lag_ms, inserted_at)
SELECT fromUnixTimestamp64Milli(ms), channel, channel || '-' || toString(life), is_server ? 'server' : 'agent', 'websocket', '2.4.' || toString(c % 5),
    'site-' || toString(c % 50), 'gw-' || toString(c % 7), is_server ? 'control-server' : 'agent', is_server ? 'server-' || toString(c % 4) : '', true, broken != 2 OR is_server OR sound_ms = ms, true, true, true, 0, 0,
    100, 100, is_server ? written : done + beats, is_server ? done + beats : received, pings, pings, is_server ? 0 : beats, is_server ? beats : 0,
    is_server ? written : 0, is_server ? 0 : received, is_server ? 0 : done, is_server ? done : 0, is_server ? beats : done, written * 200, done * 100,
    0, 0, 0, 0, is_server ? NULL : 30000, 90000, is_server AND broken != 3 ? toUInt64(open_s * 1000) % 30000 : NULL, 10000, 2, fromUnixTimestamp64Milli(ms)
FROM (${everyState(fleet, from_ms, to_ms)})`;
}

/** The same as spans, for all the views to take apart. */
function stateSpansInto(fleet: BuiltFleet, from_ms: number, to_ms: number): string {
  const number = (name: string, sql: string): string => `'channel.${name}', toString(${sql})`;
  return `INSERT INTO otel_traces (Timestamp, SpanName, ServiceName, ResourceAttributes, InsertedAt, SpanAttributes)
SELECT fromUnixTimestamp64Milli(ms), 'channel.state', is_server ? 'control-server' : 'agent', map('service.instance.id', is_server ? 'server-' || toString(c % 4) : ''),
    fromUnixTimestamp64Milli(ms), mapFilter((k, v) -> v != '', map(
    'channel.id', channel, 'channel.connection.id', channel || '-' || toString(life), 'channel.end', is_server ? 'server' : 'agent',
    'channel.transport', 'websocket', 'channel.agent.version', '2.4.' || toString(c % 5), 'channel.site', 'site-' || toString(c % 50), 'channel.gateway', 'gw-' || toString(c % 7),
    'channel.connected', 'true', 'channel.reader.alive', broken != 2 OR is_server OR sound_ms = ms ? 'true' : 'false', 'channel.writer.alive', 'true', 'channel.handler.alive', 'true',
    'channel.heartbeat.active', 'true', ${number('queue.depth', '0')}, ${number('queue.oldest_ms', '0')}, ${number('rx.age_ms', '100')}, ${number('tx.age_ms', '100')},
    ${number('tx.frames', 'is_server ? written : done + beats')}, ${number('rx.frames', 'is_server ? done + beats : received')},
    ${number('tx.control', 'pings')}, ${number('rx.control', 'pings')}, ${number('tx.heartbeats', 'is_server ? 0 : beats')}, ${number('rx.heartbeats', 'is_server ? beats : 0')},
    ${number('tx.commands', 'is_server ? written : 0')}, ${number('rx.commands', 'is_server ? 0 : received')}, ${number('tx.acks', 'is_server ? 0 : done')}, ${number('rx.acks', 'is_server ? done : 0')},
    ${number('executed', 'is_server ? beats : done')}, ${number('tx.bytes', 'written * 200')}, ${number('rx.bytes', 'done * 100')},
    ${number('rx.decode_errors', '0')}, ${number('rx.unrouted', '0')}, ${number('handler.errors', '0')}, ${number('executing', '0')},
    'channel.heartbeat.interval_ms', is_server ? '' : '30000', ${number('heartbeat.timeout_ms', '90000')},
    'channel.last_seen.age_ms', is_server AND broken != 3 ? toString(toUInt64(open_s * 1000) % 30000) : '', ${number('state.interval_ms', '10000')}, 'process.event_loop.lag_ms', '2'))
FROM (${everyState(fleet, from_ms, to_ms)})`;
}

/** The inventory, swept every five minutes. */
function sweepsInto({ channels, end_ms }: BuiltFleet): string {
  return `INSERT INTO expected_channels (seen_at, channel_id, site, gateway, agent_version, service, service_instance, inserted_at)
SELECT fromUnixTimestamp64Milli(${end_ms} - 20000 - intDiv(number, ${channels}) * 300000 - number % 10000) AS at, 'agent-' || toString(number % ${channels}),
    'site-' || toString(number % ${channels} % 50), 'gw-' || toString(number % ${channels} % 7), '', 'control-server', 'server-' || toString(number % ${channels} % 4), at
FROM numbers(${channels * 6})`;
}

/** A heartbeat every half minute, at each of its stages. */
function heartbeatsInto({ channels, end_ms }: BuiltFleet): string {
  const spacing = Math.floor(channels / BROKEN.length);
  return `INSERT INTO heartbeat_stages (seen_at, channel_id, connection_id, channel_end, stage, outcome, drop_reason, inserted_at)
SELECT fromUnixTimestamp64Milli(at_ms), 'agent-' || toString(c), 'agent-' || toString(c) || '-0', stage.1, stage.2, 'ok', '', fromUnixTimestamp64Milli(at_ms)
FROM
(
    SELECT number % ${channels} AS c,
        ${end_ms} - 3600000 + (intDiv(3600000 - (c * 7919) % 30000, 30000) - intDiv(number, ${channels})) * 30000 AS at_ms
    FROM numbers(${channels * 30})
    WHERE c NOT IN (${3 * spacing}, ${5 * spacing}, ${6 * spacing}) OR (c = ${3 * spacing} AND at_ms <= ${end_ms - BROKEN_S * 1000})
)
ARRAY JOIN [('agent', 'enqueue'), ('agent', 'socket_write'), ('server', 'receive'), ('server', 'execute')] AS stage`;
}

function closesInto(fleet: BuiltFleet): string {
  const channel = brokenChannel(fleet, 6);
  return `INSERT INTO connection_events (seen_at, channel_id, connection_id, channel_end, event, outcome, close_code, close_initiator, lifetime_ms, service, inserted_at)
SELECT fromUnixTimestamp64Milli((intDiv(${fleet.end_ms}, 60000) - number) * 60000) AS at, '${channel}',
    '${channel}-' || toString(intDiv(${fleet.end_ms}, 60000) - number - (event = 'close')), 'server', ['connect', 'close'][kind] AS event,
    event = 'connect' ? 'ok' : '', event = 'close' ? 1006 : NULL, event = 'close' ? 'transport' : '', event = 'close' ? 60000 : NULL, 'control-server', at
FROM numbers(14) ARRAY JOIN [1, 2] AS kind`;
}

/** What the search for frames that were executed twice reads: commands at the agent, heartbeats and results at the server. */
function executionsInto({ channels, framesPerS, end_ms }: BuiltFleet): string {
  const bucketsOfTen = EXECUTIONS_S / 10;
  return `INSERT INTO frame_executions
SELECT toDateTime(intDiv(${end_ms}, 1000) - intDiv(number, ${channels}) * 10 - 10) AS bucket, sipHash64(channel, work.1, work.2, work.3), 'agent-' || toString(number % ${channels}) AS channel,
    toDate(bucket), work.4, work.4
FROM numbers(${channels * bucketsOfTen})
ARRAY JOIN [('agent', 'to_agent', 'command', toUInt64(${framesPerS} * 5)), ('server', 'to_server', 'heartbeat', 1), ('server', 'to_server', 'result', ${framesPerS} * 5)] AS work`;
}
