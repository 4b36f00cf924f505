import { isOpen, isWanted, serverService, speaking, unconnectedSinceMs } from '../signals/derive.js';
import type { ChannelSignals } from '../signals/signals.js';
import { STALE_STATE_S } from '../signals/windows.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from './verdict.js';

/** Contract: no open connection for so long. Longer than a deploy, in which all are back within a minute. */
const UNCONNECTED_S = 90;

/** An inventory is swept every few minutes: a server that has said nothing for longer is not there to expect anyone. */
const SWEEP_S = 330;

/** A channel that should exist, by the inventory or by the agent's own telemetry, has no open connection. */
export function neverConnected(signals: ChannelSignals): Verdict {
  if (isOpen(signals)) return CLEAR;
  if (!isWanted(signals) || !isMissed(signals)) return UNDETERMINED;
  const since_ms = unconnectedSinceMs(signals);
  if (signals.instant_ms - since_ms < UNCONNECTED_S * 1000) return UNDETERMINED;
  const everOpen =
    (signals.connections?.connected_ms ?? 0) > 0 || (signals.ends.server?.connected_ms ?? 0) > 0;
  return firing(signals, since_ms, everOpen ? 'has had no connection' : 'has never been connected');
}

/**
 * Silence denies nothing. Somebody who would know of a connection must speak, and of none: an end of the channel, its
 * server of others, or its inventory, which names a channel that was claimed open until then and not since.
 */
function isMissed(signals: ChannelSignals): boolean {
  const { server, agent } = signals.ends;
  if (speaking(signals, 'server') !== undefined || speaking(signals, 'agent') !== undefined) return true;
  const lately = (moment_ms: number, within_s: number): boolean =>
    signals.instant_ms - moment_ms < within_s * 1000;
  if (lately(signals.fleet.server_state_ms.get(serverService(signals)) ?? 0, STALE_STATE_S)) return true;
  const swept_ms = signals.expectation?.last_expected_ms ?? 0;
  const closed_ms = signals.connections?.closed_ms ?? 0;
  const claimed_ms = [server, agent].map((end) =>
    end?.connected === true && end.state_ms > closed_ms ? end.state_ms : 0,
  );
  return lately(swept_ms, SWEEP_S) && swept_ms - Math.max(...claimed_ms) >= STALE_STATE_S * 1000;
}
