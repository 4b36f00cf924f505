import { count } from '../probes/probe.js';
import { isOpen, speaking } from '../signals/derive.js';
import type { ChannelSignals } from '../signals/signals.js';
import { RECENT_S } from '../signals/windows.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from './verdict.js';

/**
 * Decode errors go on: some in the last half minute, others before. What a reader skips once, to find the first frame of
 * a stream that it has joined, comes and is over.
 */
export function streamCorruption(signals: ChannelSignals): Verdict {
  if (!isOpen(signals)) return UNDETERMINED;
  let clean = 0;
  for (const end of ['agent', 'server'] as const) {
    const said = speaking(signals, end);
    if (said?.rx_decode_errors_recent === null || said === undefined) continue;
    const { rx_decode_errors_recent: recent, rx_decode_errors_settled: settled } = said;
    if (settled > 0 && recent > settled)
      return firing(
        signals,
        Math.max(said.now_ms - RECENT_S * 1000, said.connected_ms),
        `gets frames that the ${end} cannot decode (${count(recent, 'error')} in the last two minutes)`,
      );
    if (recent === 0) clean++;
  }
  const counting = (['agent', 'server'] as const).filter(
    (end) => typeof speaking(signals, end)?.rx_decode_errors_recent === 'number',
  ).length;
  return clean > 0 && clean === counting ? CLEAR : UNDETERMINED;
}
