import { isOpen, isWanted, unconnectedSinceMs } from '../signals/derive.js';
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
  if (!isWanted(signals) || !somebodySpeaks(signals)) return UNDETERMINED;
  const since_ms = unconnectedSinceMs(signals);
  if (signals.instant_ms - since_ms < UNCONNECTED_S * 1000) return UNDETERMINED;
  const everOpen =
    (signals.connections?.connected_ms ?? 0) > 0 || (signals.ends.server?.connected_ms ?? 0) > 0;
  return firing(signals, since_ms, everOpen ? 'has had no connection' : 'has never been connected');
}

/** When all telemetry has stopped, that is another matter. */
function somebodySpeaks(signals: ChannelSignals): boolean {
  const lately = (moment_ms: number | undefined, within_s: number): boolean =>
    moment_ms !== undefined && signals.instant_ms - moment_ms < within_s * 1000;
  return (
    lately(signals.fleet.last_state_ms, STALE_STATE_S) ||
    lately(signals.expectation?.last_expected_ms, SWEEP_S)
  );
}
