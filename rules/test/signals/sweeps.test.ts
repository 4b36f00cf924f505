import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '@halfopen/store';
import { neverConnected } from '../../src/detection/never-connected.js';
import { temporaryStore } from '../temporary-store.js';
import { signalsAt, state, tell } from '../told.js';

/** Sweeps come every hundred seconds. */
const PERIOD_S = 100;

/** The sweeps of a server instance from a moment on: the channels that each names, as letters. */
async function sweeps(store: Store, instance: string, from_s: number, ...named: string[]): Promise<void> {
  for (const [index, channels] of named.entries())
    for (const channel of channels)
      await tell(
        store,
        'channel.expected',
        from_s + index * PERIOD_S,
        { 'channel.id': channel },
        { instance },
      );
}

async function expectedAt(store: Store, at_s: number, channel = 'a'): Promise<boolean | undefined> {
  return (await signalsAt(store, at_s, channel))?.expectation?.expected;
}

test('a channel is expected from its first sweep on, also while no other has shown the period', async (t) => {
  const store = await temporaryStore(t);
  await sweeps(store, 'one', 0, 'ab');
  assert.equal(await expectedAt(store, 5), true);
  assert.equal(await expectedAt(store, 400), true, 'silence of the inventory is no absence');
  assert.equal(await expectedAt(store, 5, 'c'), undefined);
});

test('absent from one later sweep it is expected, absent from two it is not, and named again it is', async (t) => {
  const store = await temporaryStore(t);
  await sweeps(store, 'one', 0, 'ab', 'ab', 'b', 'b', 'b', 'ab');
  const seen = [];
  for (const at_s of [101, 201, 299, 301, 401, 499, 501]) seen.push(await expectedAt(store, at_s));
  assert.deepEqual(seen, [true, true, true, false, false, false, true]);
  assert.equal(await expectedAt(store, 501, 'b'), true);
});

test('a naming that is lost on its way does not end the expectation', async (t) => {
  const store = await temporaryStore(t);
  await sweeps(store, 'one', 0, 'ab', 'ab', 'b', 'ab', 'b', 'ab');
  for (const at_s of [201, 301, 401, 501]) assert.equal(await expectedAt(store, at_s), true, `at ${at_s} s`);
});

test('sweeps of another instance count for nothing, before and after a restart', async (t) => {
  const store = await temporaryStore(t);
  await sweeps(store, 'one', 0, 'ab', 'ab');
  await sweeps(store, 'two', 50, 'b', 'b', 'b', 'b');
  assert.equal(await expectedAt(store, 360), true, 'the instance that named it has not swept since');
  await sweeps(store, 'one', 200, 'b', 'b');
  assert.equal(await expectedAt(store, 310), false);
});

test('one of two instances that names it is enough', async (t) => {
  const store = await temporaryStore(t);
  await sweeps(store, 'one', 0, 'ab', 'ab', 'b', 'b');
  await sweeps(store, 'two', 50, 'ab', 'ab', 'ab');
  assert.equal(await expectedAt(store, 310), true);
});

test('a channel that never connects is missed while it is expected, and not once two sweeps have left it out', async (t) => {
  const store = await temporaryStore(t);
  await sweeps(store, 'one', 0, 'ab', 'ab', 'b', 'b');
  // The server speaks of another channel all the while.
  for (let at_s = 0; at_s <= 300; at_s += 10) await state(store, 'server', at_s, { id: 'b' });
  const verdicts = [];
  for (const at_s of [80, 95, 200, 299, 301]) {
    const signals = await signalsAt(store, at_s);
    assert.ok(signals !== undefined);
    verdicts.push(neverConnected(signals).state);
  }
  assert.deepEqual(verdicts, ['undetermined', 'firing', 'firing', 'firing', 'undetermined']);
});
