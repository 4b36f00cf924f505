import { zombieHandler } from '../../src/detection/zombie-handler.js';
import type { EndSignals, PendingSignals } from '../../src/signals/signals.js';
import { ago, endSignals } from '../channel-signals.js';
import { judges } from './table.js';

const both = (server: Partial<EndSignals>, agent: Partial<EndSignals> = {}) => ({
  ends: { server: endSignals(server), agent: endSignals(agent) },
});
const agentOnly = (said: Partial<EndSignals>) => ({ ends: { agent: endSignals(said) } });
const hanging = (seen: Partial<PendingSignals>): PendingSignals => ({
  ...{ connection_id: 'c1', writes: 0, executions: 0, oldest_write_ms: null, oldest_execution_ms: null },
  ...seen,
});

/** An execution that began so long ago; the commands behind it, and those that have no acknowledgement. */
const running = (since_s: number, waiting: number, unanswered = 0) => ({
  ...{ executing: 1, executed_moved_ms: ago(since_s), executions_overdue: waiting + 1 },
  replies_overdue: unanswered,
});
/** Commands that run at once, none of which has ended since. */
const endless = (running: number, since_s: number) => ({
  executing: running,
  executed_moved_ms: ago(since_s),
});
const BLOCKED = { queue_depth: 3, queue_oldest_ms: 60_000 };

judges('zombie-handler', zombieHandler, [
  ['everything works', {}, 'clear'],

  [
    "the agent's reader is dead by its own word",
    both({}, { reader_alive: 0, reader_alive_ms: ago(40) }),
    [40, /the agent's reader is dead/],
  ],
  [
    "the server's handler is dead by its own word",
    both({ handler_alive: 0, handler_alive_ms: ago(40) }),
    [40, /the server's handler is dead/],
  ],
  [
    'a reader never was alive on this connection',
    both({ reader_alive: 0, reader_alive_ms: ago(400) }),
    [300, /the server's reader is dead/],
  ],
  [
    'a dead reader of the agent alone',
    agentOnly({ reader_alive: 0, reader_alive_ms: ago(40) }),
    [40, /reader/],
  ],
  ['a reader is dead, and the end says so', both({ connected: false, reader_alive: 0 }), 'undetermined'],
  ['nobody reports readers', both({ reader_alive: null }, { reader_alive: null }), 'clear'],

  [
    "the server hears nothing while the agent's queue hangs",
    both({ rx_any_moved_ms: ago(75) }, BLOCKED),
    [75, /the server reads nothing/],
  ],
  ['the server has heard something in time', both({ rx_any_moved_ms: ago(74.999) }, BLOCKED), 'clear'],
  [
    "the agent's queue has not hung for long",
    both({ rx_any_moved_ms: ago(75) }, { ...BLOCKED, queue_oldest_ms: 59_999 }),
    'undetermined',
  ],
  ['the server hears nothing from a quiet agent', both({ rx_any_moved_ms: ago(75) }), 'undetermined'],
  [
    "the server hears nothing while the agent's writes hang",
    { ...both({ rx_any_moved_ms: ago(75) }), pending: { agent: hanging({ writes: 1 }) } },
    [75, /the server reads nothing/],
  ],
  ['the agent alone hears nothing', agentOnly({ rx_any_moved_ms: ago(290) }), 'undetermined'],

  [
    'two commands wait and no handler runs',
    both({}, { executions_overdue: 2, executed_moved_ms: ago(100) }),
    [100, /takes none of 2 waiting commands/],
  ],
  ['one command waits and no handler runs', both({}, { executions_overdue: 1 }), 'clear'],

  ['a long command runs, nothing waits', both({}, running(290, 0)), 'clear'],
  ['one waits behind a long command, answered', both({}, running(290, 1)), 'clear'],
  ['two wait behind a slow command, answered', both({}, running(89.999, 2)), 'clear'],
  ['two wait behind a stuck command, answered', both({}, running(90, 2)), [90, /stuck with 2 frames/]],
  ['one waits behind a slow command, unanswered', both({}, running(59.999, 1, 1)), 'clear'],
  ['one waits behind a stuck command, unanswered', both({}, running(60, 1, 1)), [60, /stuck with 1 frame/]],
  ['two wait behind a slow command, unanswered', both({}, running(29.999, 2, 2)), 'clear'],
  ['two wait behind a stuck command, unanswered', both({}, running(30, 2, 2)), [30, /stuck with 2 frames/]],
  ['the agent alone is stuck', agentOnly(running(60, 1, 1)), [60, /handler of the agent is stuck/]],
  [
    'an execution hangs by its interim spans',
    {
      ...both({}, { ...running(10, 1, 1), executing: null }),
      pending: { agent: hanging({ executions: 1, oldest_execution_ms: ago(70) }) },
    },
    [70, /handler of the agent is stuck/],
  ],
  [
    'a long command runs by its interim spans, one waits behind it, answered',
    {
      ...both({}, { ...running(290, 1), executing: null }),
      pending: { agent: hanging({ executions: 1, oldest_execution_ms: ago(80) }) },
    },
    'clear',
  ],
  [
    'heartbeats wait behind a stuck handler of the server',
    both({ executing: 1, executed_moved_ms: ago(60), beat_executions_overdue: 1 }),
    [60, /handler of the server is stuck/],
  ],
  [
    'a handler of the server runs long, and no heartbeat waits',
    both({ executing: 1, executed_moved_ms: ago(290) }),
    'clear',
  ],

  ['an idle channel was never asked for work', both({}, { executed: 0, rx_commands: 0 }), 'clear'],
  [
    'nothing arrives, and nobody complains',
    both({ rx_any_moved_ms: ago(75) }, { rx_any_moved_ms: ago(75) }),
    'undetermined',
  ],
  ['a restart is under way', both({ connected: false }, { connected: false }), 'undetermined'],
  ['nobody speaks', { ends: {} }, 'undetermined'],
  ['a dead reader was claimed too long ago', both({ reader_alive: 0, state_ms: ago(55) }), 'clear'],
  [
    'each command that comes begins, is acknowledged, and none ends for longer than any should',
    both({}, endless(3, 330)),
    [330, /3 handlers of the agent run and none ends/],
  ],
  ['several long commands', both({}, endless(9, 329)), 'clear'],
  ['two endless commands', both({}, endless(2, 900)), 'clear'],
]);
