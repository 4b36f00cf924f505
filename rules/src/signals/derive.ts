import { CROSSING_CLASSES, type CrossingClass } from './end-signals.js';
import type { ChannelSignals, EndName, EndSignals } from './signals.js';
import { CROSSED_S, QUIET_GAPS, QUIET_S, QUIET_S_MIN, RECENT_S, STALE_STATE_S } from './windows.js';

/** What follows from the signals of a channel. Pure; null (or undefined) is "nobody could see". */

/** The end's signals, if its last state is young enough to speak of the present. */
export function speaking(signals: ChannelSignals, end: EndName): EndSignals | undefined {
  const said = signals.ends[end];
  return said !== undefined && signals.instant_ms - said.state_ms < STALE_STATE_S * 1000 ? said : undefined;
}

/** Claimed open by an end that speaks, denied by none. */
export function isOpen(signals: ChannelSignals): boolean {
  const ends = [speaking(signals, 'server'), speaking(signals, 'agent')].filter((end) => end !== undefined);
  return ends.length > 0 && ends.every((end) => end.connected);
}

/** When the present connection was first reported open, ms since the epoch. */
export function openedMs(signals: ChannelSignals): number | undefined {
  if (!isOpen(signals)) return undefined;
  const reported = [
    signals.ends.server?.connected_ms,
    signals.ends.agent?.connected_ms,
    signals.connections?.connected_ms,
  ];
  return reported.find((moment) => moment !== undefined && moment !== null && moment > 0) ?? undefined;
}

/** How long the connection has been open, s, as far as the window shows; 0 when it is not. */
export function openForS(signals: ChannelSignals): number {
  const opened = openedMs(signals);
  return opened === undefined ? 0 : (signals.instant_ms - opened) / 1000;
}

/** Handlers that run at an end, by its own count, else by the interim spans of what has begun and not ended. */
export function executing(signals: ChannelSignals, end: EndName): number {
  return signals.ends[end]?.executing ?? signals.pending[end]?.executions ?? 0;
}

type Moving =
  | 'tx_any'
  | 'rx_any'
  | 'tx_frames'
  | 'tx_control'
  | 'rx_control'
  | 'tx_heartbeats'
  | 'rx_heartbeats'
  | 'rx_acks'
  | 'executed';

/** Seconds, by the end's own clock, since a counter moved (since the connection's first state, where it never did). */
export function quietS(end: EndSignals, counter: Moving): number | null {
  return end[counter] === null ? null : (end.now_ms - end[`${counter}_moved_ms`]) / 1000;
}

/** Did the counter move lately? null: the end does not count it. */
export function moves(end: EndSignals, counter: Moving, within_s: number = QUIET_S): boolean | null {
  const quiet_s = quietS(end, counter);
  return quiet_s === null ? null : (end[counter] ?? 0) > 0 && quiet_s < within_s;
}

/**
 * How long the counter must stand still to be missed, s: the more often it has moved on this connection, the sooner. What
 * came before it stood still is all that is looked at, so that a pause does not excuse itself.
 */
export function quietLimitS(end: EndSignals, counter: Moving): number {
  const moves = end[counter] ?? 0;
  const active_s = (end[`${counter}_moved_ms`] - Math.max(end.connected_ms, end.first_state_ms)) / 1000;
  if (moves < QUIET_GAPS || active_s < QUIET_S) return QUIET_S;
  return Math.min(QUIET_S, Math.max(QUIET_S_MIN, (QUIET_GAPS * active_s) / moves));
}

/** Lag of an event loop, in the last two minutes, from which its process counts as blocked, ms. */
export const BLOCKED_MS = 5_000;

/** Both ends report, on the same connection: what one wrote can be held against what the other received. */
export function crossing(signals: ChannelSignals): { server: EndSignals; agent: EndSignals } | undefined {
  const server = speaking(signals, 'server');
  const agent = speaking(signals, 'agent');
  if (server === undefined || agent === undefined || !server.connected || !agent.connected) return undefined;
  return onDifferentConnections(server, agent) ? undefined : { server, agent };
}

/** The server has a second connection open, and what it writes goes into that one, for longer than a reconnect takes. */
const ELSEWHERE_MS = 15_000;

export function writesElsewhere(server: EndSignals): boolean {
  return (
    server.connected &&
    server.tx_anywhere_moved_ms > server.tx_any_moved_ms + ELSEWHERE_MS &&
    server.tx_anywhere_moved_ms > server.connected_ms + ELSEWHERE_MS &&
    moves(server, 'rx_any') === true
  );
}

/** Has an end's event loop been blocked lately? Then what it does comes in bursts, and a burst is no recovery. */
export function loopBlocked(signals: ChannelSignals): boolean {
  return [signals.ends.server, signals.ends.agent].some(
    (end) =>
      end !== undefined &&
      end.event_loop_lag_peak_ms >= BLOCKED_MS &&
      signals.instant_ms - end.state_ms < RECENT_S * 1000,
  );
}

export function onDifferentConnections(server: EndSignals, agent: EndSignals): boolean {
  return (
    server.connection_id !== '' && agent.connection_id !== '' && server.connection_id !== agent.connection_id
  );
}

/**
 * Frames of a class that were written on one side early enough to have arrived, and were not received on the other:
 * growth of the difference over the last two minutes, so that an old loss is not reported for ever.
 *
 * @returns how many should have arrived lately, and how many of them were lost; undefined where one end cannot be seen
 */
export function transit(
  signals: ChannelSignals,
  to: EndName,
  name: CrossingClass,
): { readonly sent: number; readonly lost: number } | undefined {
  const both = crossing(signals);
  if (both === undefined) return undefined;
  const [sender, receiver] = to === 'agent' ? [both.server, both.agent] : [both.agent, both.server];
  return crossed(sender, receiver, name);
}

/** The same between any two that count frames of one connection: an end and a relay on its path. */
export function crossed(
  sender: EndSignals,
  receiver: EndSignals,
  name: CrossingClass,
): { readonly sent: number; readonly lost: number } | undefined {
  if (onDifferentConnections(sender, receiver)) return undefined;
  // What was written by then may have arrived after the receiver's last word, or wait for its loop to turn.
  if (receiver.state_ms < sender.now_ms - CROSSED_S * 1000) return undefined;
  if (receiver.event_loop_lag_peak_ms >= BLOCKED_MS) return undefined;
  const index = CROSSING_CLASSES.indexOf(name);
  const received = receiver.rx_now[index];
  const settled = sender.tx_settled[index];
  const settledBefore = sender.tx_settled_before[index];
  if (received === null || received === undefined || settled === undefined || settledBefore === undefined)
    return undefined;
  const missing = Math.max(0, settled - received);
  const missingBefore = Math.max(0, settledBefore - (receiver.rx_before[index] ?? 0));
  return { sent: settled - settledBefore, lost: Math.max(0, missing - missingBefore) };
}

/** A relay's tap, if it speaks of the present, and of an open connection. */
export function relaying(signals: ChannelSignals): EndSignals | undefined {
  const { relay, instant_ms } = signals;
  return relay?.connected === true && instant_ms - relay.state_ms < STALE_STATE_S * 1000 ? relay : undefined;
}

/**
 * Commands that the server wrote so long ago that their acknowledgement is overdue, and that the agent's latest count
 * lacks: lost, or its clock is ahead. Seen sooner than {@link transit} can be sure of a loss.
 */
export function uncountedCommands(signals: ChannelSignals): number {
  const both = crossing(signals);
  if (both === undefined) return 0;
  const received = both.agent.rx_now[CROSSING_CLASSES.indexOf('commands')];
  const { acks_overdue, rx_acks } = both.server;
  if (received === null || received === undefined || acks_overdue === null || rx_acks === null) return 0;
  // At most those: acknowledgements may be counted before the agent's next state counts their commands.
  return Math.max(0, Math.min(acks_overdue, rx_acks + acks_overdue - received));
}

/** As reported; else the median of five or more gaps; else a third of the monitor's limit. Seconds. */
export function heartbeatIntervalS(signals: ChannelSignals): number | undefined {
  const { server, agent } = signals.ends;
  const reported_ms = agent?.heartbeat_interval_ms ?? server?.heartbeat_interval_ms;
  if (reported_ms !== null && reported_ms !== undefined && reported_ms > 0) return reported_ms / 1000;
  const median_s = signals.heartbeats?.median_gap_s;
  if (median_s !== null && median_s !== undefined && median_s > 0) return median_s;
  const limit_ms = server?.heartbeat_timeout_ms ?? agent?.heartbeat_timeout_ms;
  return limit_ms !== null && limit_ms !== undefined && limit_ms > 0 ? limit_ms / 3000 : undefined;
}

/** A heartbeat gap on the open connection, by one end's clock and counters. */
export interface HeartbeatGap {
  /** Last heartbeat, or connect, ms since the epoch. */
  readonly since_ms: number;
  readonly beat: boolean;
  /** Seconds since then. */
  readonly gap_s: number;
  /** How much of it the end's counters prove; the rest is younger than its last state. */
  readonly proven_s: number;
}

/** Slack between the span of a heartbeat and the first state that counts it: a state interval and the way there. */
const COUNTING_SLACK_MS = 12_000;

export function gapAtServer(signals: ChannelSignals): HeartbeatGap | undefined {
  const server = speaking(signals, 'server');
  if (server === undefined || !isOpen(signals) || server.rx_heartbeats === null) return undefined;
  return gap(
    server,
    server.rx_heartbeats,
    server.rx_heartbeats_moved_ms,
    signals.heartbeats?.received_ms ?? null,
  );
}

export function gapAtAgent(signals: ChannelSignals): HeartbeatGap | undefined {
  const agent = speaking(signals, 'agent');
  if (agent === undefined || !isOpen(signals) || agent.tx_heartbeats === null) return undefined;
  return gap(
    agent,
    agent.tx_heartbeats,
    agent.tx_heartbeats_moved_ms,
    signals.heartbeats?.written_ms ?? null,
  );
}

function gap(end: EndSignals, beats: number, counted_ms: number, span_ms: number | null): HeartbeatGap {
  // The counter knows that a beat came, to a state interval; its span knows when.
  const spanTells = span_ms !== null && (beats === 0 || span_ms >= counted_ms - COUNTING_SLACK_MS);
  const beat_ms = spanTells ? span_ms : beats > 0 ? counted_ms : 0;
  const since_ms = Math.max(beat_ms, end.connected_ms);
  return {
    since_ms,
    beat: beat_ms >= end.connected_ms && beat_ms > 0,
    gap_s: (end.now_ms - since_ms) / 1000,
    proven_s: (end.state_ms - since_ms) / 1000,
  };
}

/** Age of the server's own record of the agent, s. */
export function recordAgeS(signals: ChannelSignals): number | undefined {
  const server = speaking(signals, 'server');
  if (server?.last_seen_age_ms === null || server?.last_seen_age_ms === undefined) return undefined;
  return (server.last_seen_age_ms + server.now_ms - server.state_ms) / 1000;
}

/** Since when no end has had a connection, ms since the epoch. */
export function unconnectedSinceMs(signals: ChannelSignals): number {
  const { server, agent } = signals.ends;
  const first = Math.min(
    signals.expectation?.first_expected_ms ?? signals.instant_ms,
    agent?.first_state_ms ?? signals.instant_ms,
    signals.connections?.first_event_ms ?? signals.instant_ms,
  );
  // The close itself may not have been told; an end that tells of no connection from its first word on had none before.
  const lastOpen = [server, agent].map((end) => {
    if (end === undefined) return 0;
    return end.connected ? end.state_ms : end.connected_ms > 0 ? end.last_connected_ms : end.first_state_ms;
  });
  return Math.max(first, signals.connections?.closed_ms ?? 0, ...lastOpen);
}

/** The inventory or the agent itself says that there should be a connection. */
export function isWanted(signals: ChannelSignals): boolean {
  const agent = speaking(signals, 'agent');
  if (agent?.connected === false) return true;
  const { connections, expectation } = signals;
  if (expectation?.expected !== true) return false;
  // Who said good-bye is missed only once the inventory names it again.
  const closed_ms = connections?.close_deliberate === true ? connections.closed_ms : null;
  return closed_ms === null || expectation.last_expected_ms > closed_ms;
}

/** Do most agents of the channel's server tell of themselves? Where they do not, the silence of one means nothing. */
export function agentsTell(signals: ChannelSignals): boolean {
  const population = signals.fleet.populations.get(serverService(signals));
  return (
    signals.ends.agent !== undefined ||
    population === undefined ||
    population.telling * 2 >= population.channels
  );
}

export function serverService(signals: ChannelSignals): string {
  return signals.ends.server?.service ?? signals.expectation?.service ?? '';
}
