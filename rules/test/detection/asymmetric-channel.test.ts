import { asymmetricChannel } from '../../src/detection/asymmetric-channel.js';
import type { EndSignals } from '../../src/signals/signals.js';
import { ago, channelSignals, endSignals } from '../channel-signals.js';
import { judges } from './table.js';

const { fleet } = channelSignals();
const both = (server: Partial<EndSignals>, agent: Partial<EndSignals> = {}) => ({
  ends: { server: endSignals(server), agent: endSignals(agent) },
});
const serverOnly = (said: Partial<EndSignals>) => ({ ends: { server: endSignals(said) } });
const agentOnly = (said: Partial<EndSignals>) => ({ ends: { agent: endSignals(said) } });

/** By class: any, control, heartbeats, commands, acks. */
const received = (any: number, commands: number) => ({ rx_now: [any, 10, 10, commands, 10] });
const RUNNING = {
  ...{ connection_id: 'c1', writes: 0, executions: 1, oldest_write_ms: null },
  oldest_execution_ms: ago(80),
};
const NO_WORK = { tx_commands: 0, rx_commands: 0, rx_acks: 0, tx_acks: 0, executed: 0 };
const UNACKNOWLEDGED = { acks_due: 3, acks_overdue: 2, rx_acks_moved_ms: ago(100) };
const UNEXECUTED = { executions_due: 3, executions_overdue: 2, executed_moved_ms: ago(100) };

judges('asymmetric-channel', asymmetricChannel, [
  ['everything works', {}, 'clear'],

  [
    'the server alone sees two commands unacknowledged',
    serverOnly(UNACKNOWLEDGED),
    [100, /acknowledges none/],
  ],
  ['the server alone sees one', serverOnly({ ...UNACKNOWLEDGED, acks_overdue: 1 }), 'undetermined'],
  [
    'the server alone sees one for very long',
    serverOnly({ ...UNACKNOWLEDGED, acks_overdue: 1, acks_long_overdue: 1 }),
    [100, /acknowledges none/],
  ],
  [
    'acknowledgements have been missing since the connect',
    serverOnly({ ...UNACKNOWLEDGED, connected_ms: ago(90) }),
    [90, /acknowledges none/],
  ],
  [
    'commands are unacknowledged where nobody acknowledges',
    { ...serverOnly(UNACKNOWLEDGED), fleet: { ...fleet, acknowledging: new Set<string>() } },
    'undetermined',
  ],
  [
    'two are unacknowledged, and something has just arrived in time',
    serverOnly({ ...UNACKNOWLEDGED, rx_any_moved_ms: ago(74.999) }),
    [100, /acknowledges none/],
  ],
  [
    'two are unacknowledged, and nothing arrives at all',
    serverOnly({ ...UNACKNOWLEDGED, rx_any_moved_ms: ago(75) }),
    'undetermined',
  ],
  [
    'two are unacknowledged that the agent has not counted',
    both(UNACKNOWLEDGED, received(40, 10)),
    [100, /do not show at the agent \(2 commands/],
  ],
  [
    'two are unacknowledged that the agent has executed and answered',
    both(UNACKNOWLEDGED, received(42, 12)),
    [100, /acknowledgements do not reach the server/],
  ],
  [
    'one is unacknowledged, and the agent has not counted it',
    both({ ...UNACKNOWLEDGED, acks_overdue: 1 }, received(40, 10)),
    'undetermined',
  ],

  ['the agent executes none of two, both ends speak', both({}, UNEXECUTED), [100, /executes none/]],
  ['the agent alone says so, and gets pongs', agentOnly(UNEXECUTED), [100, /executes none/]],
  [
    'the agent alone says so, and gets nothing in answer',
    agentOnly({ ...UNEXECUTED, rx_control_moved_ms: ago(75), rx_acks_moved_ms: ago(75) }),
    'undetermined',
  ],
  ['one waits', both({}, { ...UNEXECUTED, executions_overdue: 1 }), 'undetermined'],
  [
    'one waits for very long',
    both({}, { ...UNEXECUTED, executions_overdue: 1, executions_long_overdue: 1 }),
    [100, /executes none/],
  ],
  [
    'a long command runs, acknowledged',
    both({}, { ...UNEXECUTED, executions_overdue: 1, executions_long_overdue: 1, executing: 1 }),
    'undetermined',
  ],
  [
    'a long command runs, and the agent does not count its acknowledgements',
    both(
      {},
      {
        ...{ ...UNEXECUTED, executions_overdue: 1, executions_long_overdue: 1 },
        ...{ executing: 1, replies_overdue: null },
      },
    ),
    'undetermined',
  ],
  [
    'more wait behind a long command, all acknowledged',
    both({}, { ...UNEXECUTED, executions_overdue: 4, executions_long_overdue: 4, executing: 1 }),
    'undetermined',
  ],
  [
    'more wait behind a long command that only its interim spans show',
    {
      ...both({}, { ...UNEXECUTED, executions_overdue: 4, executing: null }),
      pending: { agent: RUNNING },
    },
    'undetermined',
  ],
  [
    'more wait behind a long command, unacknowledged',
    both({}, { ...UNEXECUTED, executions_overdue: 3, executing: 1, replies_overdue: 3 }),
    [100, /executes none/],
  ],

  [
    'two commands are lost on the way',
    both({}, received(38, 8)),
    [60, /loses commands on the way to the agent/],
  ],
  ['one command is lost on the way', both({}, received(39, 9)), 'clear'],
  [
    "two commands are missing from the agent's word, which is just young enough",
    both({}, { ...received(38, 8), state_ms: ago(40) }),
    [60, /loses commands on the way to the agent/],
  ],
  [
    "two commands are missing from the agent's word, which is too old to have counted them",
    both({}, { ...received(38, 8), state_ms: ago(40.001) }),
    'clear',
  ],
  ['two commands were lost long ago', both({}, { ...received(38, 8), rx_before: [18, 5, 5, 3, 5] }), 'clear'],
  [
    'two frames of any kind are lost to the server',
    both(received(38, 10)),
    [60, /loses frames on the way to the server/],
  ],
  ['frames seem to be lost between two connections', both({ connection_id: 'c2' }, received(38, 8)), 'clear'],

  [
    "the server's queue stands still",
    both({ queue_depth: 3, queue_oldest_ms: 20_000 }),
    [25, /not get its frames written at the server \(3 frames/],
  ],
  ["the server's queue is slow", both({ queue_depth: 3, queue_oldest_ms: 19_999 }), 'clear'],
  [
    "the agent's queue stands still",
    both({}, { queue_depth: 3, queue_oldest_ms: 20_000 }),
    [25, /not get its frames written at the agent/],
  ],
  [
    "the agent's queue stands still, and nothing arrives at the agent",
    both({}, { queue_depth: 3, queue_oldest_ms: 20_000, rx_any_moved_ms: ago(75) }),
    'undetermined',
  ],

  ['an idle channel was never asked for work', both(NO_WORK, NO_WORK), 'undetermined'],
  ['the agent alone works', agentOnly({}), 'clear'],
  ['the server alone works', serverOnly({}), 'clear'],
  [
    'neither end counts commands',
    both({ acks_overdue: null, rx_acks: null }, { executions_overdue: null, executed: null }),
    'undetermined',
  ],
  ['an end says that it is closed', both(UNACKNOWLEDGED, { connected: false }), 'undetermined'],
  ['a restart is under way', both({ connected: false }, { connected: false }), 'undetermined'],
  ['the states are just young enough', both({ state_ms: ago(54.999) }, { state_ms: ago(54.999) }), 'clear'],
  ['the states are too old', both({ state_ms: ago(55) }, { state_ms: ago(55) }), 'undetermined'],
]);
