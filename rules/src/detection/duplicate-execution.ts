import { executedMoreThanReceived } from '../probes/duplicates.js';
import { count } from '../probes/probe.js';
import { moves, speaking } from '../signals/derive.js';
import type { ChannelSignals } from '../signals/signals.js';
import { RECENT_S } from '../signals/windows.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from './verdict.js';

/** One frame was executed twice, by its spans; or an end counts more executions than frames. */
export function duplicateExecution(signals: ChannelSignals): Verdict {
  const { duplicates } = signals;
  if (duplicates !== undefined)
    return firing(
      signals,
      duplicates.first_twice_ms,
      `executes frames twice (${count(duplicates.executed_twice, 'frame')} lately)`,
    );
  for (const end of ['agent', 'server'] as const) {
    const said = speaking(signals, end);
    if (said !== undefined && executedMoreThanReceived(said))
      return firing(
        signals,
        said.now_ms - RECENT_S * 1000,
        `executes more than it receives at the ${end} (${said.executed_recent ?? 0} executions of ${said.rx_frames_recent ?? 0} frames in the last two minutes)`,
      );
  }
  const agent = speaking(signals, 'agent');
  return agent !== undefined && moves(agent, 'executed') === true ? CLEAR : UNDETERMINED;
}
