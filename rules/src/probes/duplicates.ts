import { speaking } from '../signals/derive.js';
import type { EndSignals } from '../signals/signals.js';
import {
  clock,
  count,
  factSql,
  notSo,
  seen,
  unobserved,
  type ProbeDefinition,
  type Reading,
} from './probe.js';

/**
 * More frames executed than were received at all, on this connection and lately. What an end counts as executed may be
 * more than commands, but not more than frames; and what had waited may end late, but was received.
 */
export function executedMoreThanReceived(said: EndSignals): boolean {
  const { executed, rx_frames, executed_recent, rx_frames_recent } = said;
  if (executed === null || rx_frames === null || executed_recent === null || rx_frames_recent === null)
    return false;
  return executed > rx_frames + 1 && executed_recent > rx_frames_recent + 1;
}

/** Are frames executed more than once? */
export const executedTwice: ProbeDefinition = {
  group: 'executed-twice',
  question: 'Are frames executed more than once?',
  measure: {
    action:
      'Look who executes a command of the channel (frame.execute spans, frame.executor.id), and how often.',
    yes: 'a second executor takes the same frames, or one takes them twice',
    no: 'each frame is executed once',
  },
  read(signals) {
    const { duplicates } = signals;
    if (duplicates !== undefined) {
      const { executed_twice, last_frame_id, last_executors, last_twice_ms } = duplicates;
      const by =
        last_executors.length > 1
          ? ` by ${last_executors.join(' and ')}`
          : ' by one executor, though it was received once';
      return seen(
        `${count(executed_twice, 'frame')} were executed twice or more lately, the last, ${last_frame_id}, at ${clock(last_twice_ms)}${by}`,
        factSql(signals, 'duplicates', 'executed_twice, last_frame_id, last_twice_at, last_executors'),
      );
    }
    const columns = 'executed, rx_frames, executed_recent, rx_frames_recent';
    let other: Reading = unobserved('whether frames are executed twice: no end counts what it executes');
    for (const end of ['server', 'agent'] as const) {
      const said = speaking(signals, end);
      if (said === undefined || (said.executed ?? 0) === 0 || said.rx_frames === null) continue;
      const sql = factSql(signals, 'ends', columns, end);
      if (executedMoreThanReceived(said))
        return seen(
          `the ${end} counts ${said.executed_recent ?? 0} executions in the last two minutes, of ${said.rx_frames_recent ?? 0} frames received`,
          sql,
        );
      other = notSo(`the ${end} executes no more than it receives`, sql, said.executed_moved_ms);
    }
    return other;
  },
};
