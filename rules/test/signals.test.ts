import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { openEmbeddedStore, type Store } from '@halfopen/store';
import { installSignals } from '../src/index.js';
import { readSignals } from '../src/signals/read.js';
import type { ChannelSignals } from '../src/signals/signals.js';

const BEGIN_MS = Date.UTC(2026, 9, 1, 12);

async function openStore(t: TestContext): Promise<Store> {
  const path = await mkdtemp(join(tmpdir(), 'halfopen-rules-'));
  const store = await openEmbeddedStore({ path });
  t.after(async () => {
    await store.close();
    await rm(path, { recursive: true, force: true });
  });
  await installSignals(store);
  return store;
}

/** A span of the contract, `at_s` seconds after the beginning, lasting `for_s`. */
async function tell(
  store: Store,
  name: string,
  at_s: number,
  attributes: Readonly<Record<string, string>>,
  for_s = 0,
): Promise<void> {
  await store.command(
    `INSERT INTO otel_traces (Timestamp, SpanName, ServiceName, Duration, SpanAttributes)
     SELECT fromUnixTimestamp64Milli({at:Int64}), {name:String}, 'control-server', {ns:UInt64}, {attributes:Map(String, String)}`,
    {
      params: {
        at: BEGIN_MS + at_s * 1000,
        name,
        ns: for_s * 1e9,
        attributes: new Map(Object.entries(attributes)),
      },
    },
  );
}

function state(
  store: Store,
  end: string,
  at_s: number,
  counters: Readonly<Record<string, number>>,
  channel = 'a',
): Promise<void> {
  const counted = Object.entries(counters).map(
    ([name, value]) => [`channel.${name}`, String(value)] as const,
  );
  return tell(store, 'channel.state', at_s, {
    'channel.id': channel,
    'channel.end': end,
    'channel.connection.id': 'c1',
    'channel.connected': 'true',
    'channel.state.interval_ms': '10000',
    ...Object.fromEntries(counted),
  });
}

async function signalsAt(store: Store, at_s: number, channel = 'a'): Promise<ChannelSignals | undefined> {
  return (await readSignals(store, BEGIN_MS + at_s * 1000, channel))[0];
}

test('work counted since progress last moved is due, and overdue once it is old enough', async (t) => {
  const store = await openStore(t);
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

test('an instant in the past sees nothing younger, whatever has come since', async (t) => {
  const store = await openStore(t);
  await state(store, 'server', 0, { 'tx.commands': 1, 'rx.acks': 1 });
  const before = JSON.stringify(await signalsAt(store, 5), replaceSets);
  await state(store, 'server', 10, { 'tx.commands': 9, 'rx.acks': 1 });
  await tell(store, 'channel.close', 8, {
    'channel.id': 'a',
    'channel.end': 'server',
    'channel.close.code': '1006',
  });
  assert.equal(JSON.stringify(await signalsAt(store, 5), replaceSets), before);
});

test('a stage that hangs is pending until its end is told, and not past the time of its next report', async (t) => {
  const store = await openStore(t);
  const frame = {
    'channel.id': 'a',
    'channel.end': 'agent',
    'channel.connection.id': 'c1',
    'frame.stage': 'execute',
    'frame.direction': 'to_agent',
    'frame.id': 'f1',
    'frame.kind': 'command',
  };
  await state(store, 'agent', 0, {});
  await tell(store, 'frame.execute', 0, { ...frame, 'frame.outcome': 'pending' }, 5);
  await tell(store, 'frame.execute', 0, { ...frame, 'frame.outcome': 'pending' }, 10);
  assert.equal((await signalsAt(store, 12))?.pending.agent?.executions, 1);
  assert.equal(
    (await signalsAt(store, 60))?.pending.agent,
    undefined,
    'a report at 20 s is missing: nobody knows',
  );
  await tell(store, 'frame.execute', 0, { ...frame, 'frame.outcome': 'ok' }, 12);
  assert.equal((await signalsAt(store, 12))?.pending.agent, undefined);
});

test('a channel of any name is read as it is', async (t) => {
  const store = await openStore(t);
  for (const channel of ["it's", 'back\\slash', 'a\n;--', '\u{1F600}', "x', channel = ''"]) {
    await state(store, 'server', 0, { 'tx.commands': 1 }, channel);
    assert.equal((await signalsAt(store, 5, channel))?.channel, channel);
  }
});

function replaceSets(_key: string, value: unknown): unknown {
  return value instanceof Set || value instanceof Map ? [...value] : value;
}
