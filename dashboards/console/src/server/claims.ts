import type { ClaimView, EndOfChannel, EndView } from '../contract.js';

/** What `end_signals` says of one end, as far as claims and counters need it. */
export interface EndRow {
  readonly channel_end: EndOfChannel;
  readonly connection_id: string;
  readonly service: string;
  readonly service_instance: string;
  readonly state_ms: number;
  readonly now_ms: number;
  readonly connected: boolean;
  readonly connected_ms: number;
  readonly reader_alive: number | null;
  readonly writer_alive: number | null;
  readonly handler_alive: number | null;
  readonly heartbeat_active: number | null;
  readonly heartbeat_interval_ms: number | null;
  readonly queue_depth: number | null;
  readonly queue_oldest_ms: number | null;
  readonly executing: number | null;
  readonly tx_any: number | null;
  readonly rx_any: number | null;
  readonly tx_any_moved_ms: number;
  readonly rx_any_moved_ms: number;
  readonly tx_commands: number | null;
  readonly rx_commands: number | null;
  readonly tx_acks: number | null;
  readonly rx_acks: number | null;
  readonly executed: number | null;
  readonly executed_moved_ms: number;
  readonly tx_heartbeats: number | null;
  readonly rx_heartbeats: number | null;
  readonly tx_heartbeats_moved_ms: number;
  readonly rx_heartbeats_moved_ms: number;
  readonly executions_due: number | null;
  readonly executions_overdue: number | null;
  readonly beat_executions_overdue: number | null;
}

/** Columns of {@link EndRow}, for the query. */
export const END_COLUMNS = [
  'channel_end',
  'connection_id',
  'service',
  'service_instance',
  'state_ms',
  'now_ms',
  'connected',
  'connected_ms',
  'reader_alive',
  'writer_alive',
  'handler_alive',
  'heartbeat_active',
  'heartbeat_interval_ms',
  'queue_depth',
  'queue_oldest_ms',
  'executing',
  'tx_any',
  'rx_any',
  'tx_any_moved_ms',
  'rx_any_moved_ms',
  'tx_commands',
  'rx_commands',
  'tx_acks',
  'rx_acks',
  'executed',
  'executed_moved_ms',
  'tx_heartbeats',
  'rx_heartbeats',
  'tx_heartbeats_moved_ms',
  'rx_heartbeats_moved_ms',
  'executions_due',
  'executions_overdue',
  'beat_executions_overdue',
] as const satisfies readonly (keyof EndRow)[];

/** The rules' own bounds (`rules/src/signals/windows.ts`): something moves at least so often; a queue so old stalls. */
const QUIET_MS = 75_000;
const STALLED_MS = 20_000;
const HEARTBEAT_MS = 30_000;

/** What an end claims, held against its own counters. Pure; null is "nobody could see". */
export function claimsOf(end: EndRow): ClaimView[] {
  const on = end.channel_end;
  return [
    { end: on, claim: 'connected', claimed: end.connected, ...connectionSeen(end) },
    { end: on, claim: 'reader', claimed: asBool(end.reader_alive), ...readerSeen(end) },
    { end: on, claim: 'writer', claimed: asBool(end.writer_alive), ...writerSeen(end) },
    { end: on, claim: 'handler', claimed: asBool(end.handler_alive), ...handlerSeen(end) },
    { end: on, claim: 'heartbeat', claimed: asBool(end.heartbeat_active), ...heartbeatSeen(end) },
  ];
}

export function endView(end: EndRow): EndView {
  return {
    end: end.channel_end,
    state_ms: end.state_ms,
    connection_id: end.connection_id,
    service: end.service,
    instance: end.service_instance,
    counters: {
      'frames written': end.tx_any,
      'frames received': end.rx_any,
      'commands written': end.tx_commands,
      'commands received': end.rx_commands,
      'acks written': end.tx_acks,
      'acks received': end.rx_acks,
      executed: end.executed,
      'executing now': end.executing,
      'heartbeats written': end.tx_heartbeats,
      'heartbeats received': end.rx_heartbeats,
      'waiting in queue': end.queue_depth,
    },
  };
}

type Seen = Pick<ClaimView, 'seen' | 'evidence'>;
const UNSEEN: Seen = { seen: null, evidence: 'not counted' };

function asBool(value: number | null): boolean | null {
  return value === null ? null : value > 0;
}

function ago(end: EndRow, moved_ms: number): string {
  return `${Math.max(0, Math.round((end.now_ms - moved_ms) / 1000))} s earlier`;
}

/** Has it been open long enough for something to have come? */
function settled(end: EndRow): boolean {
  return end.connected && end.connected_ms > 0 && end.now_ms - end.connected_ms > QUIET_MS;
}

function connectionSeen(end: EndRow): Seen {
  if (end.rx_any === null) return UNSEEN;
  if (end.rx_any > 0 && end.now_ms - end.rx_any_moved_ms < QUIET_MS)
    return { seen: true, evidence: `last frame arrived ${ago(end, end.rx_any_moved_ms)}` };
  if (!settled(end)) return { seen: null, evidence: 'too young to tell' };
  return {
    seen: false,
    evidence: end.rx_any === 0 ? 'no frame has arrived' : `no frame since ${ago(end, end.rx_any_moved_ms)}`,
  };
}

function readerSeen(end: EndRow): Seen {
  if (end.rx_any === null) return UNSEEN;
  const evidence = `${end.rx_any} frames read, the last ${ago(end, end.rx_any_moved_ms)}`;
  if (end.rx_any > 0 && end.now_ms - end.rx_any_moved_ms < QUIET_MS) return { seen: true, evidence };
  return settled(end) ? { seen: false, evidence: end.rx_any === 0 ? 'no frame read' : evidence } : UNSEEN;
}

function writerSeen(end: EndRow): Seen {
  const oldest_ms = end.queue_oldest_ms ?? 0;
  if ((end.queue_depth ?? 0) > 0 && oldest_ms >= STALLED_MS)
    return {
      seen: false,
      evidence: `${end.queue_depth ?? 0} waiting, the oldest for ${Math.round(oldest_ms / 1000)} s`,
    };
  if (end.tx_any === null) return UNSEEN;
  const evidence = `${end.tx_any} frames written, the last ${ago(end, end.tx_any_moved_ms)}`;
  return end.tx_any > 0 && end.now_ms - end.tx_any_moved_ms < QUIET_MS
    ? { seen: true, evidence }
    : { seen: null, evidence };
}

function handlerSeen(end: EndRow): Seen {
  const overdue = Math.max(end.executions_overdue ?? 0, end.beat_executions_overdue ?? 0);
  if (overdue > (end.executing ?? 0))
    return { seen: false, evidence: `${end.executions_due ?? overdue} received and not executed` };
  if (end.executed === null) return UNSEEN;
  const evidence = `${end.executed} executed, the last ${ago(end, end.executed_moved_ms)}`;
  return end.executed > 0 ? { seen: true, evidence } : { seen: null, evidence: 'nothing was due' };
}

function heartbeatSeen(end: EndRow): Seen {
  if (end.channel_end !== 'agent' || end.tx_heartbeats === null) return UNSEEN;
  const period_ms = end.heartbeat_interval_ms ?? HEARTBEAT_MS;
  const quiet_ms =
    end.now_ms - Math.max(end.tx_heartbeats > 0 ? end.tx_heartbeats_moved_ms : 0, end.connected_ms);
  const evidence =
    end.tx_heartbeats === 0
      ? 'none written on this connection'
      : `${end.tx_heartbeats} written, the last ${ago(end, end.tx_heartbeats_moved_ms)}`;
  // Two beats, and a state interval until they are counted.
  if (quiet_ms > 2 * period_ms + 10_000) return { seen: false, evidence };
  return { seen: end.tx_heartbeats > 0 ? true : null, evidence };
}
