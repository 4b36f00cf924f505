import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '@halfopen/store';
import { signalsAt, state, tell } from '../told.js';
import { temporaryStore } from '../temporary-store.js';

const SERVICE = 'control-server';

interface Said {
  readonly instance: string;
  readonly port: number;
  readonly up: boolean;
  readonly error?: string;
}

async function listener(store: Store, at_s: number, { instance, port, up, error }: Said): Promise<void> {
  await tell(
    store,
    'listener.state',
    at_s,
    {
      'server.address': '10.0.0.1',
      'server.port': port,
      'listener.up': up,
      ...(error === undefined ? {} : { 'error.type': error }),
    },
    { instance },
  );
}

async function upAt(store: Store, at_s: number): Promise<boolean | undefined> {
  return (await signalsAt(store, at_s))?.fleet.listeners.get(SERVICE)?.up;
}

test('a server with a listener that is down does not listen, whatever its other listeners do', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'server', 0);
  await listener(store, 1, { instance: 'one', port: 8080, up: true });
  assert.equal(await upAt(store, 10), true);
  await listener(store, 11, { instance: 'one', port: 8081, up: false, error: 'closed' });
  assert.equal(await upAt(store, 20), false);
});

test('an instance that a deploy has stopped is no trouble while another one listens, and is one when none does', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'server', 0);
  await listener(store, 1, { instance: 'new', port: 8081, up: true });
  await listener(store, 2, { instance: 'old', port: 8081, up: false, error: 'closed' });
  assert.equal(await upAt(store, 10), true);
  await listener(store, 11, { instance: 'new', port: 8081, up: false, error: 'closed' });
  assert.equal(await upAt(store, 20), false);
});

test('an instance whose listener failed is trouble, though another one listens', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'server', 0);
  await listener(store, 1, { instance: 'one', port: 8081, up: true });
  await listener(store, 2, { instance: 'two', port: 8081, up: false, error: 'EADDRINUSE' });
  assert.equal(await upAt(store, 10), false);
});
