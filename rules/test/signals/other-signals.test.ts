import assert from 'node:assert/strict';
import test from 'node:test';
import { BEGIN_MS, beat, close, signalsAt, state, tell } from '../told.js';
import { temporaryStore } from '../temporary-store.js';

test('heartbeats: each stage by its last span, the interval from five gaps, and none from four', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'server', 0);
  for (const at_s of [0, 20, 40, 60, 80]) await beat(store, 'server', 'receive', at_s);
  assert.equal((await signalsAt(store, 85))?.heartbeats?.median_gap_s, null);
  await beat(store, 'server', 'receive', 100);
  await beat(store, 'server', 'execute', 101, 'error');
  await beat(store, 'agent', 'enqueue', 120);
  const beats = (await signalsAt(store, 130))?.heartbeats;
  assert.equal(beats?.median_gap_s, 20);
  assert.equal(beats.received_ms, BEGIN_MS + 100_000);
  assert.equal(beats.failed_ms, BEGIN_MS + 101_000);
  assert.equal(beats.enqueued_ms, BEGIN_MS + 120_000);
  assert.deepEqual([beats.written_ms, beats.executed_ms], [null, null]);
});

test('a close that both ends report counts once', async (t) => {
  const store = await temporaryStore(t);
  for (const [index, connection] of ['c1', 'c2', 'c3'].entries()) {
    const at_s = 90 * (index + 1);
    await close(store, 'server', at_s, connection, 'self', {
      'channel.close.code': 4000,
      'channel.close.reason': 'heartbeat timeout',
      'channel.lifetime_ms': 89_000 + index,
    });
    await close(store, 'agent', at_s + 1, connection, 'peer', { 'channel.close.code': 1005 });
  }
  const seen = (await signalsAt(store, 300))?.connections;
  assert.equal(seen?.closes, 3);
  assert.deepEqual(seen.lifetimes_ms, [89_000, 89_001, 89_002]);
  assert.equal(seen.lifetimes_alike, true);
  assert.equal(seen.closed_by, 'server');
  assert.equal(seen.closes_for_heartbeat, 3);
});

test('an announced restart is no close that counts', async (t) => {
  const store = await temporaryStore(t);
  for (const code of [1001, 1012]) {
    await close(store, 'server', code - 1000, `c${code}`, 'self', { 'channel.close.code': code });
  }
  assert.equal((await signalsAt(store, 60))?.connections?.closes, 0);
});

test('how attempts end: refused, without a backend, by what answers, by credentials, at an impossible address', async (t) => {
  const store = await temporaryStore(t);
  const attempt = (
    at_s: number,
    outcome: string,
    phase: string,
    more: Record<string, string | number> = {},
  ) =>
    tell(store, 'channel.connect', at_s, {
      'channel.id': 'a',
      'channel.end': 'agent',
      'channel.connect.outcome': outcome,
      'channel.connect.phase': phase,
      'server.address': 'control.example',
      ...more,
    });
  await attempt(10, 'refused', 'tcp');
  await attempt(11, 'rejected', 'upgrade', { 'http.response.status_code': 502 });
  await attempt(12, 'rejected', 'upgrade', { 'http.response.status_code': 404 });
  await attempt(13, 'rejected', 'upgrade', { 'http.response.status_code': 401 });
  await attempt(14, 'rejected', 'hello');
  await attempt(15, 'error', 'dns', { 'server.address': '${BACKEND}', 'server.port': 443 });
  const seen = (await signalsAt(store, 60))?.connections;
  assert.deepEqual(
    [seen?.attempts, seen?.attempts_failed, seen?.attempts_refused, seen?.attempts_without_backend],
    [6, 6, 1, 1],
  );
  assert.deepEqual(
    [seen?.attempts_misrouted, seen?.attempts_unauthorized, seen?.attempts_impossible],
    [1, 2, 1],
  );
  assert.equal(seen?.target, '${BACKEND}:443');
  assert.equal((await signalsAt(store, 200))?.connections?.attempts, 0, 'older than two minutes');
});

test('expected until absent from two later sweeps of the same server instance, whatever another one names', async (t) => {
  const store = await temporaryStore(t);
  const sweep = async (at_s: number, instance: string, ...channels: string[]): Promise<void> => {
    for (const channel of channels) {
      await tell(store, 'channel.expected', at_s, { 'channel.id': channel }, { instance });
    }
  };
  await sweep(0, 'one', 'a', 'b');
  await sweep(100, 'one', 'a', 'b');
  await sweep(200, 'one', 'b');
  await sweep(210, 'two', 'b');
  assert.equal((await signalsAt(store, 220))?.expectation?.expected, true);
  await sweep(300, 'one', 'b');
  assert.equal((await signalsAt(store, 310))?.expectation?.expected, false);
  assert.equal((await signalsAt(store, 310, 'b'))?.expectation?.expected, true);
  assert.equal((await signalsAt(store, 250))?.expectation?.expected, true, 'as it was known then');
});

test('a stage that hangs is pending until its end is told, and not past the time of its next report', async (t) => {
  const store = await temporaryStore(t);
  const frame = {
    'channel.id': 'a',
    'channel.end': 'agent',
    'channel.connection.id': 'c1',
    'frame.stage': 'execute',
    'frame.direction': 'to_agent',
    'frame.id': 'f1',
    'frame.kind': 'command',
  };
  await state(store, 'agent', 0);
  await tell(store, 'frame.execute', 0, { ...frame, 'frame.outcome': 'pending' }, { for_s: 5 });
  await tell(store, 'frame.execute', 0, { ...frame, 'frame.outcome': 'pending' }, { for_s: 10 });
  assert.equal((await signalsAt(store, 12))?.pending.agent?.executions, 1);
  const late = (await signalsAt(store, 60))?.pending.agent;
  assert.equal(late, undefined, 'a report at 20 s is missing: nobody knows');
  await tell(store, 'frame.execute', 0, { ...frame, 'frame.outcome': 'ok' }, { for_s: 12 });
  assert.equal((await signalsAt(store, 12))?.pending.agent, undefined);
});

test('what hangs on a connection that was given up says nothing of the present one', async (t) => {
  const store = await temporaryStore(t);
  const hang = (connection: string, frame: string, at_s: number) =>
    tell(
      store,
      'frame.execute',
      at_s,
      {
        ...{ 'channel.id': 'a', 'channel.end': 'agent', 'channel.connection.id': connection },
        ...{ 'frame.stage': 'execute', 'frame.direction': 'to_agent', 'frame.id': frame },
        ...{ 'frame.kind': 'command', 'frame.outcome': 'pending' },
      },
      { for_s: 20 },
    );
  await state(store, 'agent', 0, { 'connection.id': 'c1' });
  for (const frame of ['f1', 'f2', 'f3']) await hang('c1', frame, 0);
  assert.equal((await signalsAt(store, 22))?.pending.agent?.executions, 3);
  // Names in both orders: which one the engine tells last must not matter.
  for (const [second_s, name] of [
    [30, 'c0'],
    [32, 'c2'],
  ] as const) {
    await state(store, 'agent', second_s, { 'connection.id': name });
    const before = (await signalsAt(store, second_s + 2))?.pending.agent;
    assert.equal(before, undefined, `nothing hangs on ${name} yet`);
  }
  await hang('c2', 'f4', 12);
  const present = (await signalsAt(store, 34))?.pending.agent;
  assert.deepEqual([present?.connection_id, present?.executions], ['c2', 1]);
});

test('a listener of a server is down when any is', async (t) => {
  const store = await temporaryStore(t);
  const listener = (at_s: number, port: number, up: boolean): Promise<void> =>
    tell(store, 'listener.state', at_s, { 'server.address': '::', 'server.port': port, 'listener.up': up });
  await state(store, 'server', 0);
  await listener(0, 8080, true);
  await listener(0, 8081, false);
  assert.deepEqual((await signalsAt(store, 5))?.fleet.listeners.get('control-server'), {
    up: false,
    address: ':::8081',
  });
  await listener(10, 8081, true);
  assert.equal((await signalsAt(store, 15))?.fleet.listeners.get('control-server')?.up, true);
});
