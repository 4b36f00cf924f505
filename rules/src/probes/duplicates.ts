import { speaking } from '../signals/derive.js';
import type { ChannelSignals, EndSignals } from '../signals/signals.js';
import { clock, count, factSql, notSo, seen, unobserved, type ProbeDefinition } from './probe.js';

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
    const counting = (['agent', 'server'] as const).filter((end) => counts(signals, end));
    const twice = counting.find((end) => executedMoreThanReceived(signals.ends[end] as EndSignals));
    const columns = 'executed, rx_frames, executed_recent, rx_frames_recent';
    if (twice !== undefined) {
      const { executed_recent, rx_frames_recent } = signals.ends[twice] as EndSignals;
      return seen(
        `the ${twice} counts ${executed_recent ?? 0} executions in the last two minutes, of ${rx_frames_recent ?? 0} frames received`,
        factSql(signals, 'ends', columns, twice),
      );
    }
    const [end] = counting;
    return end === undefined
      ? unobserved('whether frames are executed twice: no end counts what it executes')
      : notSo(
          `the ${end} executes no more than it receives`,
          factSql(signals, 'ends', columns, end),
          signals.ends[end]?.executed_moved_ms,
        );
  },
};

function counts(signals: ChannelSignals, end: 'agent' | 'server'): boolean {
  const said = speaking(signals, end);
  return said !== undefined && (said.executed ?? 0) > 0 && said.rx_frames !== null;
}
