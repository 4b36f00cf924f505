import { neverConnected } from '../../src/detection/never-connected.js';
import { ago, channelSignals, connectionSignals, endSignals, expectation } from '../channel-signals.js';
import { judges } from './table.js';

const { fleet } = channelSignals();
const QUIET_FLEET = { ...fleet, server_state_ms: new Map([['control-server', ago(55)]]) };

/** In the inventory since then, and no end has ever spoken. */
const expectedFor = (since_s: number) => ({
  ...{ ends: {}, connections: undefined },
  expectation: expectation({ first_expected_ms: ago(since_s), last_expected_ms: ago(Math.min(since_s, 60)) }),
});
const closed = (since_s: number, code: number, deliberate = false) =>
  connectionSignals({ closed_ms: ago(since_s), close_code: code, close_deliberate: deliberate });
const silent = (for_s: number) => endSignals({ state_ms: ago(for_s) });
const swept = (ago_s: number) => expectation({ last_expected_ms: ago(ago_s) });
const DOWN = { server: endSignals({ connected: false }), agent: endSignals({ connected: false }) };
const GONE = { server: endSignals({ connected: false }) };

judges('never-connected', neverConnected, [
  ['the channel is open', {}, 'clear'],
  [
    'the channel is open by the word of the agent alone',
    { ends: { agent: endSignals() }, expectation: undefined },
    'clear',
  ],

  ['expected for long enough', expectedFor(90), [90, /has never been connected/]],
  ['expected for not long enough', expectedFor(89.999), 'undetermined'],
  [
    'the agent is alive without a connection, and no inventory names it',
    {
      ...{ expectation: undefined, connections: undefined },
      ends: { agent: endSignals({ connected: false, first_state_ms: ago(90) }) },
    },
    [90, /has never been connected/],
  ],
  [
    'the agent has been alive without a connection for less',
    {
      ...{ expectation: undefined, connections: undefined },
      ends: { agent: endSignals({ connected: false, first_state_ms: ago(89.999) }) },
    },
    'undetermined',
  ],
  ['closed for long enough', { ends: DOWN, connections: closed(90, 1006) }, [90, /has had no connection/]],
  ['closed for less', { ends: DOWN, connections: closed(89.999, 1006) }, 'undetermined'],
  ['one end denies what the other claims', { ends: { ...DOWN, server: endSignals() } }, 'undetermined'],

  [
    'a deploy with 1012 has them back within a minute',
    { ends: DOWN, connections: closed(60, 1012) },
    'undetermined',
  ],
  [
    'a deploy with 1001 has them back within a minute',
    { ends: DOWN, connections: closed(60, 1001) },
    'undetermined',
  ],

  [
    'removed from the inventory, and gone',
    { ends: GONE, connections: closed(200, 1006), expectation: expectation({ expected: false }) },
    'undetermined',
  ],
  [
    'no inventory names it, and the agent is gone',
    { ends: GONE, connections: closed(200, 1006), expectation: undefined },
    'undetermined',
  ],
  [
    'said good-bye after the last sweep',
    {
      ends: GONE,
      connections: closed(100, 1000, true),
      expectation: expectation({ last_expected_ms: ago(100) }),
    },
    'undetermined',
  ],
  [
    'said good-bye, and is named again',
    {
      ends: GONE,
      connections: closed(100, 1000, true),
      expectation: expectation({ last_expected_ms: ago(99) }),
    },
    [100, /has had no connection/],
  ],

  [
    'its server does not speak, and the last sweep is too old',
    { ...expectedFor(600), fleet: QUIET_FLEET, expectation: expectation({ last_expected_ms: ago(330) }) },
    'undetermined',
  ],
  [
    'its server does not speak, and the last sweep is not too old',
    { ...expectedFor(600), fleet: QUIET_FLEET, expectation: expectation({ last_expected_ms: ago(329.999) }) },
    [600, /has never been connected/],
  ],
  [
    'claimed open by the last word of both, and its server speaks of others alone',
    { ends: { server: silent(120), agent: silent(130) } },
    [120, /has had no connection/],
  ],
  [
    'claimed open by the last word of both, and now nobody speaks, the last sweep was just after',
    { ends: { server: silent(120), agent: silent(130) }, fleet: QUIET_FLEET, expectation: swept(65.001) },
    'undetermined',
  ],
  [
    'claimed open by the last word of both, and swept since, long enough for another word',
    { ends: { server: silent(120), agent: silent(130) }, fleet: QUIET_FLEET, expectation: swept(65) },
    [120, /has had no connection/],
  ],
  [
    'claimed open before it was closed, nobody speaks, swept before the close',
    {
      ...{ ends: { server: silent(120) }, fleet: QUIET_FLEET, expectation: swept(300) },
      connections: closed(110, 1006),
    },
    [110, /has had no connection/],
  ],
  [
    "another service's server speaks",
    {
      ...{ ends: { server: silent(120) }, expectation: swept(200) },
      fleet: { ...fleet, server_state_ms: new Map([['another', ago(5)]]) },
    },
    'undetermined',
  ],
  ['nobody knows of it', { ends: {}, connections: undefined, expectation: undefined }, 'undetermined'],
]);
