import { duration } from '../probes/probe.js';
import { isOpen, openForS } from '../signals/derive.js';
import type { ChannelSignals } from '../signals/signals.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from './verdict.js';

/** Contract: five closes in ten minutes, at whatever ages. */
const CLOSES_MIN = 5;

/** Three closes at near equal ages are over when the last one is older than two such ages, and at least this, s. */
const OVER_S = 60;

/** What a connection needs to show how it fares, s: a report of both ends' state. */
const SETTLE_S = 15;

/** Three closes in a row at near equal lifetimes, or five in ten minutes; announced restarts are not counted. */
export function flappingChannel(signals: ChannelSignals): Verdict {
  const { connections } = signals;
  if (connections === undefined) return UNDETERMINED;
  const { lifetimes_ms } = connections;
  const period_s = Math.max(0, ...lifetimes_ms) / 1000;
  const sinceClose_s =
    connections.closed_ms === null ? Infinity : (signals.instant_ms - connections.closed_ms) / 1000;
  if (unsettled(signals, sinceClose_s, lifetimes_ms)) return UNDETERMINED;
  const over = sinceClose_s > Math.max(OVER_S, 2 * period_s);
  if (!over && (connections.lifetimes_alike || connections.closes >= CLOSES_MIN)) {
    const age =
      lifetimes_ms.length === 0
        ? ''
        : ` (the last lived ${lifetimes_ms.map((lived_ms) => duration(lived_ms / 1000)).join(', ')}${limit(signals)})`;
    const cycles_ms = lifetimes_ms.reduce((sum, lived_ms) => sum + lived_ms, 0);
    return firing(
      signals,
      Math.max(connections.first_event_ms, (connections.closed_ms ?? signals.instant_ms) - cycles_ms),
      `is closed again and again: ${connections.closes} times in ten minutes${age}`,
    );
  }
  return over && isOpen(signals) && openForS(signals) > Math.max(OVER_S, 2 * period_s) ? CLEAR : UNDETERMINED;
}

/**
 * Between two connections, and shortly into one, there is no evidence yet of what is wrong with it: an open incident is
 * held as it is, a new one waits.
 */
function unsettled(signals: ChannelSignals, sinceClose_s: number, lifetimes_ms: readonly number[]): boolean {
  if (!isOpen(signals)) return sinceClose_s < SETTLE_S;
  return openForS(signals) < Math.min(SETTLE_S, ...lifetimes_ms.map((lived_ms) => lived_ms / 2_000));
}

function limit(signals: ChannelSignals): string {
  const limit_ms = signals.ends.server?.heartbeat_timeout_ms ?? signals.ends.agent?.heartbeat_timeout_ms;
  return limit_ms === null || limit_ms === undefined
    ? ''
    : `; the configured limit is ${duration(limit_ms / 1000)}`;
}
