import assert from 'node:assert/strict';
import test from 'node:test';
import { temporaryStore } from '../temporary-store.js';
import { BEGIN_MS, signalsAt, state, tell } from '../told.js';

test('work counted since progress last moved is due, and overdue once it is old enough', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'server', 0, { 'tx.commands': 0, 'rx.acks': 0 });
  await state(store, 'server', 10, { 'tx.commands': 5, 'rx.acks': 5 });
  await state(store, 'server', 20, { 'tx.commands': 7, 'rx.acks': 5 });
  await state(store, 'server', 30, { 'tx.commands': 8, 'rx.acks': 5 });
  const young = (await signalsAt(store, 30))?.ends.server;
  assert.deepEqual([young?.acks_due, young?.acks_overdue], [3, 0]);
  await state(store, 'server', 50, { 'tx.commands': 8, 'rx.acks': 5 });
  const old = (await signalsAt(store, 50))?.ends.server;
  assert.deepEqual([old?.acks_due, old?.acks_overdue, old?.acks_long_overdue], [3, 2, 0]);
  assert.equal(old?.rx_acks_moved_ms, BEGIN_MS + 10_000);
  assert.equal(old.executed, null, 'what is not counted is unobserved, not zero');
});

test('counters of one connection are not held against those of another', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'server', 0, { 'tx.commands': 50, 'rx.acks': 50 });
  await tell(store, 'channel.state', 20, {
    'channel.id': 'a',
    'channel.end': 'server',
    'channel.connection.id': 'c2',
    'channel.connected': true,
    'channel.tx.commands': 1,
    'channel.rx.acks': 1,
  });
  const server = (await signalsAt(store, 30))?.ends.server;
  assert.deepEqual([server?.connection_id, server?.tx_commands, server?.acks_due], ['c2', 1, 0]);
});

test('the present connection is the last opened of those that are open, though another was heard of later', async (t) => {
  const store = await temporaryStore(t);
  const on = (connection: string, at_s: number, connected: boolean): Promise<void> =>
    state(store, 'agent', at_s, { 'connection.id': connection, connected });
  await on('old', 0, true);
  await on('new', 10, true);
  await on('old', 20, true);
  assert.equal((await signalsAt(store, 25))?.ends.agent?.connection_id, 'new');
  await on('new', 30, false);
  assert.equal((await signalsAt(store, 35))?.ends.agent?.connection_id, 'old');
  await on('old', 40, false);
  const closed = (await signalsAt(store, 45))?.ends.agent;
  assert.deepEqual([closed?.connection_id, closed?.connected], ['old', false]);
});

test('an end is judged by its own present, so that a clock half a minute behind makes nothing overdue', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'agent', -30, { 'rx.commands': 1, executed: 1 });
  await state(store, 'agent', -20, { 'rx.commands': 3, executed: 1 });
  const agent = (await signalsAt(store, 15))?.ends.agent;
  assert.equal(agent?.now_ms, BEGIN_MS - 10_000, 'its last state and one period');
  assert.deepEqual([agent.executions_due, agent.executions_overdue], [2, 0]);
  await state(store, 'agent', 15, { 'rx.commands': 3, executed: 1 });
  const ahead = (await signalsAt(store, 15))?.ends.agent;
  assert.equal(ahead?.now_ms, BEGIN_MS + 15_000, 'never past the instant');
});

test('what is not counted is unobserved, and a false belief is not an absent one', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'server', 0, { 'reader.alive': false });
  const server = (await signalsAt(store, 5))?.ends.server;
  assert.deepEqual(
    [server?.reader_alive, server?.handler_alive, server?.queue_depth, server?.rx_acks, server?.acks_due],
    [0, null, null, null, null],
  );
});
