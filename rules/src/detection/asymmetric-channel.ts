import { waitingExecutions } from '../probes/delivery.js';
import { count } from '../probes/probe.js';
import {
  executing,
  isOpen,
  moves,
  speaking,
  transit,
  uncountedCommands,
  writesElsewhere,
} from '../signals/derive.js';
import type { ChannelSignals, EndSignals } from '../signals/signals.js';
import { OVERDUE_MIN, STALLED_S } from '../signals/windows.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from './verdict.js';

/**
 * One direction demonstrably works while the other demonstrably does not get its work done: written, received,
 * acknowledged, executed, whichever was due.
 */
export function asymmetricChannel(signals: ChannelSignals): Verdict {
  if (!isOpen(signals)) return UNDETERMINED;
  const toServerWorks = works(signals, 'server');
  const toAgentWorks = works(signals, 'agent');
  const towardsAgent = failureTowardsAgent(signals);
  const towardsServer = failureTowardsServer(signals);
  if (towardsAgent !== undefined && toServerWorks)
    return firing(signals, towardsAgent.since_ms, towardsAgent.headline);
  if (towardsServer !== undefined && toAgentWorks)
    return firing(signals, towardsServer.since_ms, towardsServer.headline);
  return towardsAgent === undefined && towardsServer === undefined && provenBothWays(signals)
    ? CLEAR
    : UNDETERMINED;
}

/** Something has arrived at this end lately, by its own count, or by what the other end got in answer. */
function works(signals: ChannelSignals, to: 'server' | 'agent'): boolean {
  const receiver = speaking(signals, to);
  if (receiver !== undefined) return moves(receiver, 'rx_any') === true;
  const sender = speaking(signals, to === 'agent' ? 'server' : 'agent');
  return sender !== undefined && (moves(sender, 'rx_control') === true || moves(sender, 'rx_acks') === true);
}

interface Failure {
  readonly since_ms: number;
  readonly headline: string;
}

function failureTowardsAgent(signals: ChannelSignals): Failure | undefined {
  const server = speaking(signals, 'server');
  const agent = speaking(signals, 'agent');
  const uncounted = uncountedCommands(signals);
  const waiting = agent === undefined ? undefined : workWaiting(signals, agent);
  if (waiting !== undefined) return waiting;
  if (server === undefined) return undefined;
  if (writesElsewhere(server))
    return {
      since_ms: server.connected_ms,
      headline: 'is written to on another connection than the one that it lives on',
    };
  if (uncounted >= OVERDUE_MIN && signals.fleet.acknowledging.has(server.service)) {
    return {
      since_ms: Math.max(server.rx_acks_moved_ms, server.connected_ms),
      headline: `is sent commands that do not show at the agent (${count(uncounted, 'command')} unacknowledged and not counted there)`,
    };
  }
  if (
    signals.fleet.acknowledging.has(server.service) &&
    isOverdue(server.acks_overdue, server.acks_long_overdue) &&
    !workGoesOn(agent)
  ) {
    return {
      since_ms: Math.max(server.rx_acks_moved_ms, server.connected_ms),
      headline: `receives commands and acknowledges none (${count(server.acks_due ?? 0, 'command')} written)`,
    };
  }
  return lossOrStall(signals, server, 'agent');
}

/** Commands that arrived and neither execute nor are acknowledged. A long-running command that is acknowledged is no failure. */
function workWaiting(signals: ChannelSignals, agent: EndSignals): Failure | undefined {
  const unexecuted = waitingExecutions(agent);
  if (
    !isOverdue(
      unexecuted,
      agent.executions_long_overdue === null
        ? null
        : Math.max(0, agent.executions_long_overdue - (agent.executing ?? 0)),
    )
  )
    return undefined;
  if (agent.replies_overdue === 0 && executing(signals, 'agent') > 0) return undefined;
  return {
    since_ms: Math.max(agent.executed_moved_ms, agent.connected_ms),
    headline: `receives commands and executes none (${count(agent.executions_due ?? 0, 'command')} waiting)`,
  };
}

/** The agent itself says that it executes and answers: then what is missing at the server is the answer's way back. */
function workGoesOn(agent: EndSignals | undefined): boolean {
  return agent?.executions_overdue === 0 && agent.replies_overdue === 0 && moves(agent, 'executed') === true;
}

function failureTowardsServer(signals: ChannelSignals): Failure | undefined {
  const agent = speaking(signals, 'agent');
  const server = speaking(signals, 'server');
  if (agent !== undefined) {
    const failure = lossOrStall(signals, agent, 'server');
    if (failure !== undefined) return failure;
  }
  if (
    server !== undefined &&
    agent !== undefined &&
    workGoesOn(agent) &&
    uncountedCommands(signals) === 0 &&
    signals.fleet.acknowledging.has(server.service) &&
    isOverdue(server.acks_overdue, server.acks_long_overdue)
  ) {
    return {
      since_ms: Math.max(server.rx_acks_moved_ms, server.connected_ms),
      headline: `executes its commands, and its acknowledgements do not reach the server (${server.acks_due ?? 0} missing)`,
    };
  }
  return undefined;
}

function lossOrStall(
  signals: ChannelSignals,
  sender: EndSignals,
  to: 'server' | 'agent',
): Failure | undefined {
  const lost = transit(signals, to, to === 'agent' ? 'commands' : 'any')?.lost ?? 0;
  const from = to === 'agent' ? 'server' : 'agent';
  if (lost >= OVERDUE_MIN) {
    return {
      since_ms: sender.now_ms - 60_000,
      headline: `loses ${to === 'agent' ? 'commands' : 'frames'} on the way to the ${to} (${lost} in the last two minutes)`,
    };
  }
  const oldest_ms = sender.queue_oldest_ms ?? 0;
  if ((sender.queue_depth ?? 0) > 0 && oldest_ms >= STALLED_S * 1000) {
    return {
      since_ms: sender.state_ms - oldest_ms,
      headline: `does not get its frames written at the ${from} (${count(sender.queue_depth ?? 0, 'frame')} waiting)`,
    };
  }
  return undefined;
}

function isOverdue(overdue: number | null, longOverdue: number | null): boolean {
  return (overdue ?? 0) >= OVERDUE_MIN || (longOverdue ?? 0) >= 1;
}

/** Work has been asked for on this connection, and done: only that speaks for health, not the absence of complaints. */
function provenBothWays(signals: ChannelSignals): boolean {
  const server = speaking(signals, 'server');
  const agent = speaking(signals, 'agent');
  const acknowledged = server !== undefined && (server.rx_acks ?? 0) > 0 && server.acks_overdue === 0;
  const executed =
    agent !== undefined &&
    (agent.executed ?? 0) > 0 &&
    agent.executions_overdue === 0 &&
    (agent.queue_oldest_ms ?? 0) < STALLED_S * 1000;
  return (
    (server === undefined || acknowledged || server.acks_overdue === null) &&
    (agent === undefined || executed || agent.executions_overdue === null) &&
    (acknowledged || executed)
  );
}
