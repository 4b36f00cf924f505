import { telemetryGap } from '../../src/detection/telemetry-gap.js';
import type { EndSignals } from '../../src/signals/signals.js';
import { ago, endSignals } from '../channel-signals.js';
import { judges } from './table.js';

const both = (server: Partial<EndSignals>, agent: Partial<EndSignals> = {}) => ({
  ends: { server: endSignals(server), agent: endSignals(agent) },
});
const silent = (for_s: number, said: Partial<EndSignals> = {}) => ({ state_ms: ago(for_s), ...said });

judges('telemetry-gap', telemetryGap, [
  ['both speak', {}, 'clear'],
  ['nobody has ever spoken', { ends: {} }, 'undetermined'],
  ['the agent alone has ever spoken', { ends: { agent: endSignals() } }, 'clear'],

  [
    'the agent is silent, the server hears it',
    both({}, silent(60)),
    [60, /works, and its agent end sends no/],
  ],
  ['the agent is not silent for long enough', both({}, silent(59.999)), 'clear'],
  ['the server is silent, the agent hears it', both(silent(60)), [60, /works, and its server end sends no/]],
  [
    'an end that reports rarely has missed four',
    both({}, silent(120, { state_interval_ms: 30_000 })),
    [120, /agent/],
  ],
  [
    'an end that reports rarely has missed fewer',
    both({}, silent(119.999, { state_interval_ms: 30_000 })),
    'clear',
  ],
  [
    'an end that does not say how often it reports',
    both({}, silent(60, { state_interval_ms: null })),
    [60, /agent/],
  ],

  [
    'the agent is silent, and the server has heard something in time',
    both({ rx_any_moved_ms: ago(74.999) }, silent(60)),
    [60, /agent/],
  ],
  [
    'the agent is silent, and the server hears nothing',
    both({ rx_any_moved_ms: ago(75) }, silent(60)),
    'undetermined',
  ],
  [
    'the agent is silent, and the server says it is gone',
    both({ connected: false }, silent(60)),
    'undetermined',
  ],
  ['the agent said that it was closed before', both({}, silent(60, { connected: false })), 'undetermined'],
  [
    'an idle channel: the agent is silent, the server gets its pongs',
    both({ rx_acks: 0, tx_commands: 0 }, silent(60)),
    [60, /agent/],
  ],

  ['both are silent', both(silent(60), silent(70)), [60, /no end sends telemetry/]],
  [
    'the only end that ever spoke is silent',
    { ends: { server: endSignals(silent(60)) } },
    [60, /no end sends/],
  ],
  [
    'a restart is under way, and both are silent',
    both(silent(60, { connected: false }), silent(70, { connected: false })),
    'undetermined',
  ],
  [
    'removed: the last word was a close',
    both(silent(200, { connected: false }), silent(210)),
    'undetermined',
  ],
]);
