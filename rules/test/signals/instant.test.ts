import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '@halfopen/store';
import fc from 'fast-check';
import { temporaryStore } from '../temporary-store.js';
import { beat, close, everythingAt, state, tell } from '../told.js';

const INSTANT_S = 100;

/** Everything that any view reads, as it may come to be told later. */
const TELLING: readonly ((store: Store, at_s: number) => Promise<void>)[] = [
  (store, at_s) => state(store, 'server', at_s, { 'tx.commands': at_s, 'rx.acks': 1, connected: false }),
  (store, at_s) => state(store, 'agent', at_s, { 'connection.id': 'c2', 'rx.commands': at_s }),
  (store, at_s) => beat(store, 'server', 'receive', at_s),
  (store, at_s) => beat(store, 'server', 'execute', at_s, 'error'),
  (store, at_s) => close(store, 'agent', at_s, 'c1', 'transport', { 'channel.lifetime_ms': 1000 }),
  (store, at_s) =>
    tell(store, 'channel.connect', at_s, {
      'channel.id': 'a',
      'channel.end': 'agent',
      'channel.connect.outcome': 'refused',
    }),
  (store, at_s) => tell(store, 'channel.expected', at_s, { 'channel.id': 'b' }),
  (store, at_s) =>
    tell(store, 'listener.state', at_s, {
      'server.address': '::',
      'server.port': 8081,
      'listener.up': false,
    }),
  (store, at_s) =>
    tell(
      store,
      'frame.execute',
      at_s,
      {
        'channel.id': 'a',
        'channel.end': 'agent',
        'channel.connection.id': 'c1',
        'frame.stage': 'execute',
        'frame.direction': 'to_agent',
        'frame.id': 'hung',
        'frame.outcome': at_s % 2 === 0 ? 'pending' : 'ok',
      },
      { for_s: 5 },
    ),
];

test('an instant in the past sees nothing younger, whatever has come since', async (t) => {
  const store = await temporaryStore(t);
  for (const [index, say] of TELLING.entries()) await say(store, INSTANT_S - 20 + (index % 3));
  const before = await everythingAt(store, INSTANT_S);
  assert.ok(before.includes('"channel":"a"') && before.includes('"channel":"b"'));
  const later = fc.record({
    say: fc.constantFrom(...TELLING),
    at_s: fc.integer({ min: INSTANT_S + 1, max: INSTANT_S + 900 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(later, { minLength: 1, maxLength: 5 }), async (told) => {
      for (const { say, at_s } of told) await say(store, at_s);
      assert.equal(await everythingAt(store, INSTANT_S), before);
    }),
    { numRuns: 15 },
  );
});
