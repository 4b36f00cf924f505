import { streamCorruption } from '../../src/detection/stream-corruption.js';
import type { EndSignals } from '../../src/signals/signals.js';
import { ago, endSignals } from '../channel-signals.js';
import { judges } from './table.js';

const agent = (said: Partial<EndSignals>) => ({ ends: { server: endSignals(), agent: endSignals(said) } });
const errors = (recent: number | null, settled: number) => ({
  rx_decode_errors_recent: recent,
  rx_decode_errors_settled: settled,
});

judges('stream-corruption', streamCorruption, [
  ['nothing fails to decode', {}, 'clear'],
  [
    'errors in the last half minute, and before',
    agent(errors(3, 1)),
    [120, /agent cannot decode \(3 errors/],
  ],
  [
    'on a young connection they are no older than it is',
    agent({ ...errors(3, 1), connected_ms: ago(50) }),
    [50, /cannot decode/],
  ],
  ['what a reader skips once, to find the first frame', agent(errors(5, 0)), 'undetermined'],
  ['they have ended', agent(errors(5, 5)), 'undetermined'],
  ['nobody counts them', { ends: { agent: endSignals(errors(null, 0)) } }, 'undetermined'],
  [
    'at the server as well',
    { ends: { server: endSignals(errors(2, 1)), agent: endSignals() } },
    [120, /server cannot decode/],
  ],
  [
    'the connection is closed',
    { ends: { agent: endSignals({ ...errors(3, 1), connected: false }) } },
    'undetermined',
  ],
]);
