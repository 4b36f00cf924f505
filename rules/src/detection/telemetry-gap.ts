import { moves, speaking } from '../signals/derive.js';
import type { ChannelSignals } from '../signals/signals.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from './verdict.js';

/** An end is silent when it has missed so many of its own reports; with clocks half a minute apart, at least this, s. */
const SILENT_REPORTS = 4;
const SILENT_S = 60;

/** An end that has spoken before is silent while the other shows the channel alive; or all are silent. */
export function telemetryGap(signals: ChannelSignals): Verdict {
  const { server, agent } = signals.ends;
  const silences = [server, agent].filter(
    (end) => end !== undefined && isSilent(signals, end.state_ms, end.state_interval_ms),
  );
  if (silences.length === 0) return [server, agent].some((end) => end !== undefined) ? CLEAR : UNDETERMINED;
  const spoken = [server, agent].filter((end) => end !== undefined);
  if (silences.length === spoken.length) {
    const last = spoken.reduce((latest, end) => (end.state_ms > latest.state_ms ? end : latest));
    return last.connected
      ? firing(signals, last.state_ms, 'is silent: no end sends telemetry')
      : UNDETERMINED;
  }
  const quiet = silences[0] === server ? 'server' : 'agent';
  const other = speaking(signals, quiet === 'server' ? 'agent' : 'server');
  const gone = signals.ends[quiet];
  if (other?.connected !== true || gone?.connected !== true) return UNDETERMINED;
  return moves(other, 'rx_any') === true
    ? firing(signals, gone.state_ms, `works, and its ${quiet} end sends no telemetry`)
    : UNDETERMINED;
}

function isSilent(signals: ChannelSignals, state_ms: number, interval_ms: number | null): boolean {
  return signals.instant_ms - state_ms >= Math.max(SILENT_S * 1000, SILENT_REPORTS * (interval_ms ?? 10_000));
}
