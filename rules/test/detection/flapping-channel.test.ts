import { flappingChannel } from '../../src/detection/flapping-channel.js';
import type { ConnectionSignals, EndSignals } from '../../src/signals/signals.js';
import { ago, connectionSignals, endSignals } from '../channel-signals.js';
import { judges } from './table.js';

/** The present connection has been open for so long, at both ends. */
const open = (for_s: number, said: Partial<EndSignals> = {}) => ({
  server: endSignals({ ...said, connected_ms: ago(for_s) }),
  agent: endSignals({ ...said, connected_ms: ago(for_s) }),
});
const DOWN = { server: endSignals({ connected: false }), agent: endSignals({ connected: false }) };
const events = (seen: Partial<ConnectionSignals>) => connectionSignals({ first_event_ms: ago(800), ...seen });

/** Three connections that lived a minute and a half each; the last closed so long ago. */
const cycles = (closed_s: number, period_ms = 90_000) =>
  events({
    ...{ closes: 3, lifetimes_ms: [period_ms, period_ms, period_ms], lifetimes_alike: true },
    ...{ closed_ms: ago(closed_s), close_code: 4000 },
  });
/** So many connections, each for another time than the one before. */
const closes = (count: number) =>
  events({ closes: count, lifetimes_ms: [10_000, 60_000, 100_000], closed_ms: ago(20) });

judges('flapping-channel', flappingChannel, [
  ['no close', { connections: events({}) }, 'clear'],
  ['no event is known', { connections: undefined }, 'undetermined'],

  [
    'three closes at like ages, and open again',
    { ends: open(29), connections: cycles(30) },
    [300, /closed again and again: 3 times .* 90 s, 90 s, 90 s; the configured limit is 90 s/],
  ],
  [
    'no limit is known to stand beside the period',
    { ends: open(29, { heartbeat_timeout_ms: null }), connections: cycles(30) },
    [300, /90 s, 90 s, 90 s\)$/],
  ],
  [
    'the first of them is out of sight',
    { ends: open(29), connections: { ...cycles(30), first_event_ms: ago(250) } },
    [250, /again/],
  ],
  ['five closes at unlike ages', { ends: open(19), connections: closes(5) }, [190, /5 times in ten minutes/]],
  ['four closes at unlike ages', { ends: open(19), connections: closes(4) }, 'undetermined'],

  ['just closed', { ends: DOWN, connections: cycles(14.999) }, 'undetermined'],
  ['closed, and not back for a report', { ends: DOWN, connections: cycles(15) }, [285, /again/]],
  ['just open', { ends: open(14.999), connections: cycles(16) }, 'undetermined'],
  ['open for a report', { ends: open(15), connections: cycles(16) }, [286, /again/]],
  ['just open again in a short cycle', { ends: open(1.999), connections: cycles(3, 4_000) }, 'undetermined'],
  ['open for half a short cycle', { ends: open(2), connections: cycles(3, 4_000) }, [15, /again/]],

  ['open for two cycles since the last close', { ends: open(180), connections: cycles(180) }, [450, /again/]],
  ['open for longer than two cycles', { ends: open(180.001), connections: cycles(180.002) }, 'clear'],
  [
    'the last close is over, and the connection young',
    { ends: open(170), connections: cycles(180.002) },
    'undetermined',
  ],
  [
    'three short cycles, closed a minute ago',
    { ends: open(59), connections: cycles(60, 4_000) },
    [72, /again/],
  ],
  [
    'three short cycles, open for a minute',
    { ends: open(60.001), connections: cycles(60.002, 4_000) },
    'clear',
  ],

  [
    'a restart was announced',
    { ends: DOWN, connections: events({ closed_ms: ago(20), close_code: 1012 }) },
    'undetermined',
  ],
  [
    'back from an announced restart',
    { ends: open(61), connections: events({ closed_ms: ago(65), close_code: 1001 }) },
    'clear',
  ],
  [
    'one end alone flaps',
    { ends: { server: endSignals({ connected_ms: ago(29) }) }, connections: cycles(30) },
    [300, /again/],
  ],
  ['an idle channel stays open', { ends: open(300, { tx_commands: 0, executed: 0 }) }, 'clear'],
  [
    'removed from the inventory after its last close',
    { ends: {}, connections: cycles(180.001), expectation: undefined },
    'undetermined',
  ],
]);
