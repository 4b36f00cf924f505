import type { FaultName, Plan } from '@halfopen/lab';

/** A fault of the matrix, and how soon a rule should have fired on it. */
export interface FaultCase {
  /** As the report names it. */
  readonly label: string;
  readonly plan: Omit<Plan<FaultName>, 'atMs' | 'channels'>;
  /** What it breaks, and so which period counts. */
  readonly breaks: Breaks;
}

/**
 * Bounds from the onset. A fault breaks commands (two of them, then what a rule allows for an answer), heartbeats (two
 * intervals after the last one), everything that arrives (two intervals of what arrives most rarely), the connection
 * (contract: 90 s without one), or connections again and again (three closes).
 */
export type Breaks = 'commands' | 'heartbeats' | 'hearing' | 'connecting' | 'cycles' | 'claims';

function fault(
  name: FaultName,
  breaks: Breaks,
  options: Omit<FaultCase['plan'], 'name'> = {},
  words = Object.values(options).map(String).join(' '),
): FaultCase {
  return { label: words === '' ? name : `${name} (${words})`, plan: { name, ...options }, breaks };
}

/** Every cause of the contract that the lab can bring about, in its variants. */
export const FAULT_CASES: readonly FaultCase[] = [
  fault('handler-dead', 'claims'),
  fault('handler-dead', 'commands', { honest: false }, 'unaware'),
  fault('handler-dead', 'claims', { end: 'server' }),
  fault('handler-dead', 'heartbeats', { end: 'server', honest: false }, 'server, unaware'),
  fault('handler-stuck', 'commands'),
  fault('handler-stuck', 'commands', { variant: 'serial' }),
  fault('handler-stuck', 'heartbeats', { end: 'server' }),
  fault('reader-dead', 'claims', { end: 'server' }),
  fault('reader-dead', 'hearing', { end: 'server', honest: false }, 'server, unaware'),
  fault('reader-dead', 'claims', { end: 'agent' }),
  fault('reader-dead', 'hearing', { end: 'agent', honest: false }, 'agent, unaware'),
  fault('writer-stalled', 'commands'),
  fault('writer-stalled', 'commands', { kind: 'command' }),
  fault('writer-stalled', 'heartbeats', { end: 'agent' }),
  fault('event-loop-blocked', 'hearing'),
  fault('server-loop-blocked', 'hearing'),
  fault('frames-lost', 'commands'),
  fault('frames-lost', 'commands', { kind: 'command' }),
  fault('frames-lost', 'commands', { variant: 'behind' }, 'behind the relay'),
  fault('frames-lost', 'heartbeats', { direction: 'to_server' }),
  fault('site-path-loss', 'commands'),
  fault('network-partition', 'hearing'),
  fault('network-partition', 'hearing', { variant: 'blocking' }),
  fault('stale-route', 'commands'),
  fault('idle-timeout', 'cycles'),
  fault('frame-malformed', 'commands'),
  fault('stream-desync', 'commands'),
  fault('stream-desync', 'heartbeats', { direction: 'to_server' }),
  fault('heartbeat-not-started', 'heartbeats'),
  fault('heartbeat-not-sent', 'heartbeats'),
  fault('heartbeat-not-sent', 'heartbeats', { variant: 'suppressed' }),
  fault('heartbeat-unrouted', 'heartbeats'),
  fault('heartbeat-handler-error', 'heartbeats'),
  fault('last-seen-not-recorded', 'heartbeats'),
  fault('listener-down', 'connecting'),
  fault('listener-down', 'connecting', { variant: 'refused' }),
  fault('proxy-misroute', 'connecting'),
  fault('auth-rejected', 'connecting'),
  fault('auth-rejected', 'connecting', { variant: 'tls' }),
  fault('auth-rejected', 'connecting', { variant: 'hello' }),
  fault('agent-not-running', 'connecting'),
  fault('agent-killed', 'connecting'),
  fault('agent-misconfigured', 'connecting'),
  fault('agent-misconfigured', 'connecting', { address: '${CONTROL_HOST}' }, 'unexpanded address'),
  fault('duplicate-executor', 'commands'),
  fault('duplicate-executor', 'commands', { variant: 'same' }),
];

/** Faults that may strike another channel of the fleet at the same time; none of them is one that the case itself has. */
export const SECOND_FAULTS: readonly FaultCase[] = [
  fault('handler-dead', 'commands', { honest: false }, 'unaware'),
  fault('frames-lost', 'commands'),
  fault('writer-stalled', 'commands'),
  fault('heartbeat-not-started', 'heartbeats'),
];
