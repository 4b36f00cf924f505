import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '@halfopen/store';
import { CHANNEL_STATES } from '@halfopen/telemetry';
import { clickhouseTime } from '@halfopen/store';
import { BEGIN_MS, close, state, tell } from '../told.js';
import { temporaryStore } from '../temporary-store.js';

interface FleetRow {
  readonly channel_id: string;
  readonly state: string;
  readonly why: string;
  readonly to_agent: string;
  readonly to_server: string;
  readonly silent_end: string;
}

async function fleetAt(store: Store, at_s: number): Promise<FleetRow[]> {
  const rows = await store.query<FleetRow>(
    `SELECT channel_id, state, why, to_agent, to_server, silent_end
     FROM fleet_at(at = '${clickhouseTime(BEGIN_MS + at_s * 1000)}') ORDER BY channel_id`,
  );
  for (const row of rows) assert.ok(row.state in CHANNEL_STATES, row.state);
  return rows;
}

/** Both ends move what they count, every ten seconds until then. */
async function healthyUntil(store: Store, until_s: number): Promise<void> {
  for (let at_s = 0; at_s <= until_s; at_s += 10) {
    const n = 1 + at_s / 10;
    const both = { 'tx.frames': n, 'rx.frames': n, 'reader.alive': true, 'handler.alive': true };
    await state(store, 'server', at_s, { ...both, 'tx.commands': n, 'rx.acks': n });
    await state(store, 'agent', at_s, { ...both, 'rx.commands': n, 'tx.acks': n, executed: n });
  }
}

test('up, then silent once no end speaks; an end that falls silent alone is named', async (t) => {
  const store = await temporaryStore(t);
  await healthyUntil(store, 60);
  assert.deepEqual(await fleetAt(store, 65), [
    { channel_id: 'a', state: 'up', why: '', to_agent: 'works', to_server: 'works', silent_end: '' },
  ]);
  await state(store, 'server', 110, { 'tx.frames': 8, 'rx.frames': 8 });
  assert.equal((await fleetAt(store, 120))[0]?.silent_end, 'agent');
  const [gone] = await fleetAt(store, 200);
  assert.deepEqual([gone?.state, gone?.silent_end, gone?.to_agent], ['silent', 'both', '']);
});

test('asymmetric names the direction that fails and what is missing there', async (t) => {
  const store = await temporaryStore(t);
  await healthyUntil(store, 60);
  await state(store, 'agent', 70, { 'rx.frames': 9, 'rx.commands': 9, 'handler.alive': false, executed: 7 });
  await state(store, 'server', 70, { 'tx.frames': 9, 'rx.frames': 9 });
  assert.deepEqual(await fleetAt(store, 71), [
    {
      channel_id: 'a',
      state: 'asymmetric',
      why: "the agent's handler is dead",
      to_agent: 'fails',
      to_server: 'works',
      silent_end: '',
    },
  ]);
});

test('stalled: a direction fails and the other does not work either', async (t) => {
  const store = await temporaryStore(t);
  for (const at_s of [0, 100, 110]) {
    await state(store, 'server', at_s, { 'tx.frames': 1, 'rx.frames': 1, 'reader.alive': at_s === 0 });
    await state(store, 'agent', at_s, { 'tx.frames': 1, 'rx.frames': 1 });
  }
  const [row] = await fleetAt(store, 111);
  assert.deepEqual([row?.state, row?.to_agent, row?.to_server], ['stalled', 'quiet', 'fails']);
});

test('down by the word of an end, by its close, by its attempts, by the inventory', async (t) => {
  const store = await temporaryStore(t);
  await healthyUntil(store, 10);
  await state(store, 'server', 20, { connected: false });
  assert.equal((await fleetAt(store, 25))[0]?.state, 'down');
  await close(store, 'server', 20, 'c1', 'self');
  assert.equal((await fleetAt(store, 200))[0]?.state, 'down', 'its close outlasts the silence');
  await tell(store, 'channel.connect', 190, {
    'channel.id': 'b',
    'channel.end': 'agent',
    'channel.connect.outcome': 'refused',
  });
  await tell(store, 'channel.expected', 190, { 'channel.id': 'c' });
  const rows = await fleetAt(store, 200);
  assert.deepEqual(
    rows.map(({ channel_id, state: word, why }) => [channel_id, word, why]),
    [
      ['a', 'down', ''],
      ['b', 'down', 'last attempt: refused'],
      ['c', 'down', 'expected, and no end has spoken'],
    ],
  );
});

test('the view of now has the columns that it says, and a word on each', async (t) => {
  const store = await temporaryStore(t);
  const columns = await store.query<{ name: string; comment: string }>(
    `SELECT name, comment FROM system.columns WHERE database = 'default' AND table = 'fleet'`,
  );
  assert.ok(columns.length > 10);
  assert.deepEqual(
    columns.filter(({ comment }) => comment === ''),
    [],
  );
  assert.deepEqual(await store.query('SELECT * FROM fleet'), []);
});
