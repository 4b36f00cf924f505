import { isGap, MISSED_BEATS } from '../probes/heartbeats.js';
import { duration } from '../probes/probe.js';
import {
  gapAtAgent,
  gapAtServer,
  heartbeatIntervalS,
  isOpen,
  openForS,
  recordAgeS,
} from '../signals/derive.js';
import type { ChannelSignals } from '../signals/signals.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from './verdict.js';

/**
 * Two beats missed since the last one or the connect, or the server's own record that old. The server's count decides
 * where it speaks; the agent's where only that is seen.
 */
export function heartbeatGap(signals: ChannelSignals): Verdict {
  const interval_s = heartbeatIntervalS(signals);
  if (interval_s === undefined || !isOpen(signals)) return UNDETERMINED;
  const atServer = gapAtServer(signals);
  const gap = atServer ?? gapAtAgent(signals);
  if (gap !== undefined && isGap(gap, interval_s)) {
    return firing(
      signals,
      gap.since_ms,
      `has ${atServer === undefined ? 'written' : 'shown the server'} no heartbeat (due every ${duration(interval_s)})`,
    );
  }
  const record_s = recordAgeS(signals);
  if (
    record_s !== undefined &&
    record_s >= MISSED_BEATS * interval_s &&
    openForS(signals) >= MISSED_BEATS * interval_s
  ) {
    return firing(
      signals,
      signals.instant_ms - record_s * 1000,
      `has a record at the server that is ${duration(record_s)} old (heartbeats are due every ${duration(interval_s)})`,
    );
  }
  // A record that only the connect has renewed proves nothing yet.
  const recordCurrent =
    record_s === undefined ||
    (record_s < MISSED_BEATS * interval_s && record_s < openForS(signals) - interval_s / 4);
  return gap?.beat === true && gap.gap_s < MISSED_BEATS * interval_s && recordCurrent ? CLEAR : UNDETERMINED;
}
