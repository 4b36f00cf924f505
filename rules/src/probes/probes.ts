import type { ChannelSignals } from '../signals/signals.js';
import {
  attemptsFindNobody,
  attemptsMisrouted,
  attemptsTimeOut,
  attemptsUnauthorized,
  closedByMonitor,
  closedByTransport,
  listenerDown,
  noUsefulAttempt,
  othersUnconnected,
  unconnected,
} from './connecting.js';
import {
  acksMissing,
  commandsWait,
  lostOnTheWay,
  pingsUnanswered,
  serverWorkWaits,
  splitConnection,
} from './delivery.js';
import {
  heartbeatsDropped,
  heartbeatsNotReceived,
  heartbeatsNotWritten,
  heartbeatsQueued,
  heartbeatsUnhandled,
  heartbeatTimerOff,
  recordStale,
} from './heartbeats.js';
import {
  controlWritesStall,
  endSilent,
  errorsGrow,
  eventLoopBlocked,
  executionHangs,
  handlerDead,
  hearsNothing,
  readerDead,
  writesStall,
} from './liveness.js';
import { executedTwice } from './duplicates.js';
import { acksMissingAtRelay, lostAtRelay } from './relay.js';
import { sharedBySite } from './shared-by-site.js';
import { clock, unobserved, type ProbeDefinition, type Reading } from './probe.js';

/** Every probe by its id, in the order in which facts are told: claims, the way to the agent, the way back, heartbeats, connecting. */
export const PROBES = {
  'server-reader-dead': readerDead('server'),
  'agent-reader-dead': readerDead('agent'),
  'server-handler-dead': handlerDead('server'),
  'agent-handler-dead': handlerDead('agent'),
  'server-writes-stall': writesStall('server'),
  'server-control-stalls': controlWritesStall('server'),
  'commands-unacknowledged': acksMissing,
  'pings-unanswered': pingsUnanswered,
  'commands-lost': lostOnTheWay('agent', 'commands', 'command'),
  'control-to-agent-lost': lostOnTheWay('agent', 'control', 'control frame'),
  'commands-lost-before-relay': lostAtRelay('before', 'server', 'commands', 'command'),
  'acks-missing-at-relay': acksMissingAtRelay,
  'agent-hears-nothing': hearsNothing('agent'),
  'commands-unexecuted': commandsWait('executions'),
  'commands-unreplied': commandsWait('replies'),
  'agent-execution-hangs': executionHangs('agent'),
  'executed-twice': executedTwice,
  'agent-decode-errors': errorsGrow('agent', 'rx_decode_errors'),
  'agent-unrouted': errorsGrow('agent', 'rx_unrouted'),
  'agent-handler-errors': errorsGrow('agent', 'handler_errors'),
  'agent-writes-stall': writesStall('agent'),
  'agent-control-stalls': controlWritesStall('agent'),
  'frames-to-server-lost': lostOnTheWay('server', 'any', 'frame'),
  'heartbeats-lost': lostOnTheWay('server', 'heartbeats', 'heartbeat'),
  'acks-lost-behind-relay': lostAtRelay('behind', 'server', 'acks', 'acknowledgement'),
  'heartbeats-lost-behind-relay': lostAtRelay('behind', 'server', 'heartbeats', 'heartbeat'),
  'server-hears-nothing': hearsNothing('server'),
  'server-work-waits': serverWorkWaits,
  'server-execution-hangs': executionHangs('server'),
  'server-decode-errors': errorsGrow('server', 'rx_decode_errors'),
  'server-unrouted': errorsGrow('server', 'rx_unrouted'),
  'server-handler-errors': errorsGrow('server', 'handler_errors'),
  'split-connection': splitConnection,
  'shared-by-site': sharedBySite,
  'heartbeat-timer-off': heartbeatTimerOff,
  'heartbeats-queued': heartbeatsQueued,
  'heartbeats-not-written': heartbeatsNotWritten,
  'heartbeats-not-received': heartbeatsNotReceived,
  'heartbeats-dropped': heartbeatsDropped,
  'heartbeats-unhandled': heartbeatsUnhandled,
  'record-stale': recordStale,
  unconnected,
  'attempts-find-nobody': attemptsFindNobody,
  'attempts-misrouted': attemptsMisrouted,
  'attempts-unauthorized': attemptsUnauthorized,
  'attempts-time-out': attemptsTimeOut,
  'no-useful-attempt': noUsefulAttempt,
  'others-unconnected': othersUnconnected,
  'listener-down': listenerDown,
  'closed-by-monitor': closedByMonitor,
  'closed-by-transport': closedByTransport,
  'server-event-loop-blocked': eventLoopBlocked('server'),
  'agent-event-loop-blocked': eventLoopBlocked('agent'),
  'server-silent': endSilent('server'),
  'agent-silent': endSilent('agent'),
} as const satisfies Record<string, ProbeDefinition>;

export type ProbeId = keyof typeof PROBES;

export const isProbeId = (name: string): name is ProbeId => name in PROBES;
export const PROBE_IDS: readonly ProbeId[] = Object.keys(PROBES).filter(isProbeId);

/** What every probe sees on one channel. */
export type Evidence = Readonly<Record<ProbeId, Reading>>;

export function gatherEvidence(signals: ChannelSignals): Evidence {
  const readings: Partial<Record<ProbeId, Reading>> = {};
  for (const id of PROBE_IDS) readings[id] = PROBES[id].read(signals);
  const onset_ms = onsetMs(Object.values(readings));
  for (const id of PROBE_IDS) {
    const reading = readings[id];
    if (reading !== undefined) readings[id] = outdated(reading, onset_ms);
  }
  return complete(readings);
}

/** What last worked before the trouble began says nothing of what works since. */
function outdated(reading: Reading, onset_ms: number): Reading {
  if (reading.value !== 'no' || reading.as_of_ms === undefined || reading.as_of_ms > onset_ms) return reading;
  return unobserved(`since ${clock(onset_ms)}, for it was before: ${reading.statement}`);
}

/** When the youngest symptom began: what goes on working has progress to show that is younger still. */
function onsetMs(readings: readonly Reading[]): number {
  return readings.reduce(
    (latest, reading) =>
      reading.value === 'yes' && reading.since_ms !== undefined ? Math.max(latest, reading.since_ms) : latest,
    -Infinity,
  );
}

function complete(readings: Partial<Record<ProbeId, Reading>>): Evidence {
  for (const id of PROBE_IDS) if (readings[id] === undefined) throw new Error(`probe ${id} gave no reading`);
  return readings as Evidence;
}
