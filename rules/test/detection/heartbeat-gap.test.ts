import { heartbeatGap } from '../../src/detection/heartbeat-gap.js';
import type { EndSignals, HeartbeatSignals } from '../../src/signals/signals.js';
import { ago, endSignals } from '../channel-signals.js';
import { judges } from './table.js';

const both = (server: Partial<EndSignals>, agent: Partial<EndSignals> = {}) => ({
  ends: { server: endSignals(server), agent: endSignals(agent) },
});
const spans = (seen: Partial<HeartbeatSignals>): HeartbeatSignals => ({
  ...{ received_ms: null, enqueued_ms: null, written_ms: null, executed_ms: null },
  ...{ failed_ms: null, dropped_ms: null, median_gap_s: null },
  ...seen,
});

/** The last heartbeat, and the record of it, are so old. */
const beat = (age_s: number) => ({ rx_heartbeats_moved_ms: ago(age_s) });
const NO_INTERVAL = { heartbeat_interval_ms: null, heartbeat_timeout_ms: null };
const every10s = (age_s: number, state_s: number) => ({
  ...{ heartbeat_interval_ms: 10_000, state_ms: ago(state_s), last_seen_age_ms: 1_000 },
  rx_heartbeats_moved_ms: ago(age_s),
});

judges('heartbeat-gap', heartbeatGap, [
  ['heartbeats come', {}, 'clear'],

  ['two beats missed', both(beat(60)), [60, /shown the server no heartbeat \(due every 30 s\)/]],
  ['two beats nearly missed', both(beat(59.999)), 'clear'],
  ['none since the connect', both({ rx_heartbeats: 0, connected_ms: ago(60) }), [60, /no heartbeat/]],
  ['none yet since the connect', both({ rx_heartbeats: 0, connected_ms: ago(59.999) }), 'undetermined'],
  [
    'two missed, which the counters prove only in part',
    both(every10s(20, 8.001), { heartbeat_interval_ms: 10_000 }),
    'undetermined',
  ],
  [
    'two missed, the first of them proven by the counters',
    both(every10s(20, 8), { heartbeat_interval_ms: 10_000 }),
    [20, /due every 10 s/],
  ],
  [
    "its span tells when the last came, within a state's time of the count",
    { ...both(beat(55)), heartbeats: spans({ received_ms: ago(62) }) },
    [62, /no heartbeat/],
  ],
  [
    'spans of later heartbeats are lost, and the count goes on',
    { ...both(beat(50)), heartbeats: spans({ received_ms: ago(100) }) },
    'clear',
  ],

  [
    'the record is two beats old',
    both({ last_seen_age_ms: 55_000 }),
    [60, /a record at the server that is 60 s old/],
  ],
  ['the record is nearly two beats old', both({ last_seen_age_ms: 54_999 }), 'clear'],
  [
    'the record is of the connection before',
    both({ connected_ms: ago(59.999), last_seen_age_ms: 200_000 }),
    'undetermined',
  ],
  [
    'only the connect has renewed the record',
    both({ connected_ms: ago(40), last_seen_age_ms: 32_000 }),
    'undetermined',
  ],
  ['the server keeps no record', both({ last_seen_age_ms: null }), 'clear'],

  [
    'the agent alone has written none',
    { ends: { agent: endSignals({ tx_heartbeats_moved_ms: ago(60) }) } },
    [60, /has written no heartbeat/],
  ],
  [
    'the agent alone has just written one',
    { ends: { agent: endSignals({ tx_heartbeats_moved_ms: ago(59.999) }) } },
    'clear',
  ],
  ['the server alone has heard none', { ends: { server: endSignals(beat(60)) } }, [60, /no heartbeat/]],
  ["the agent's count stands, the server hears them", both({}, { tx_heartbeats_moved_ms: ago(60) }), 'clear'],
  ['neither end counts heartbeats', both({ rx_heartbeats: null }, { tx_heartbeats: null }), 'undetermined'],

  [
    'the interval is measured, two of them missed',
    { ...both({ ...NO_INTERVAL, ...beat(40) }, NO_INTERVAL), heartbeats: spans({ median_gap_s: 20 }) },
    [40, /due every 20 s/],
  ],
  [
    'the interval is measured, two nearly missed',
    { ...both({ ...NO_INTERVAL, ...beat(39.999) }, NO_INTERVAL), heartbeats: spans({ median_gap_s: 20 }) },
    'clear',
  ],
  [
    "the interval is a third of the monitor's limit",
    both({ ...NO_INTERVAL, heartbeat_timeout_ms: 60_000, ...beat(40) }, NO_INTERVAL),
    [40, /due every 20 s/],
  ],
  ['no interval is known', both({ ...NO_INTERVAL, ...beat(200) }, NO_INTERVAL), 'undetermined'],

  [
    'an idle channel beats on',
    both({ tx_commands: 0, rx_acks: 0 }, { executed: 0, rx_commands: 0 }),
    'clear',
  ],
  ['a restart is under way', both({ ...beat(200), connected: false }, { connected: false }), 'undetermined'],
  ['nobody speaks', { ends: {} }, 'undetermined'],
]);
