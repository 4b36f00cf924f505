import { duplicateExecution } from '../../src/detection/duplicate-execution.js';
import type { EndSignals } from '../../src/signals/signals.js';
import { ago, endSignals } from '../channel-signals.js';
import { judges } from './table.js';

const agent = (said: Partial<EndSignals>) => ({ ends: { server: endSignals(), agent: endSignals(said) } });
/** Executed and received on this connection, and in the last two minutes. */
const counts = (executed: number, received: number, executedLately: number, receivedLately: number) => ({
  ...{ executed, rx_frames: received },
  ...{ executed_recent: executedLately, rx_frames_recent: receivedLately },
});

judges('duplicate-execution', duplicateExecution, [
  ['each frame is executed once', {}, 'clear'],
  [
    'two executors took one frame',
    {
      duplicates: {
        ...{ executed_twice: 4, last_frame_id: 'f4', last_executors: ['new', 'old'] },
        ...{ first_twice_ms: ago(70), last_twice_ms: ago(10) },
      },
    },
    [70, /executes frames twice \(4 frames/],
  ],
  [
    'by its counters the agent executes more than it receives',
    agent(counts(24, 13, 10, 6)),
    [120, /10 executions of 6/],
  ],
  ['work that had waited ends late', agent(counts(13, 13, 10, 2)), 'clear'],
  ['it did so, and does no more', agent(counts(24, 13, 6, 6)), 'clear'],
  ['an end that executes what it makes up once', agent(counts(14, 13, 3, 2)), 'clear'],
  ['nobody counts executions', { ends: { server: endSignals({ executed: null }) } }, 'undetermined'],
]);
