import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { explain } from '@halfopen/rules';
import type { EmbeddedStore } from '@halfopen/store';
import { allMisstated } from './shown.js';
import { opened, type Stored } from './stored.js';

/** What no fault of the simulator makes ends tell. Moments are seconds after the beginning. */
const BEGIN_MS = Date.UTC(2026, 9, 1, 12);

type Attributes = Readonly<Record<string, string | number | boolean>>;

async function tell(
  store: EmbeddedStore,
  name: string,
  at_s: number,
  attributes: Attributes,
  service = 'control-server',
): Promise<void> {
  await store.command(
    `INSERT INTO otel_traces (Timestamp, SpanName, ServiceName, SpanAttributes)
     SELECT fromUnixTimestamp64Milli({at:Int64}), {name:String}, {service:String}, {attributes:Map(String, String)}`,
    {
      params: {
        at: BEGIN_MS + at_s * 1000,
        name,
        service,
        attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, String(value)])),
      },
    },
  );
}

/** `channel.state`; `said` goes without the prefix `channel.` */
function state(store: EmbeddedStore, end: string, at_s: number, said: Attributes = {}): Promise<void> {
  const told = { id: 'a', end, 'connection.id': 'c1', connected: true, 'state.interval_ms': 10_000, ...said };
  return tell(
    store,
    'channel.state',
    at_s,
    Object.fromEntries(Object.entries(told).map(([name, value]) => [`channel.${name}`, value])),
  );
}

/** What is stated of the channel, once its every query has been held against it. */
async function stated(
  t: TestContext,
  at_s: number,
  tellAll: (store: EmbeddedStore) => Promise<void>,
  channel = 'a',
): Promise<ReadonlyMap<string, string>> {
  const { store, people }: Stored = await opened(t);
  await tellAll(store);
  const { facts } = await explain(store, channel, BEGIN_MS + at_s * 1000);
  assert.equal(await allMisstated(people, facts), '');
  return new Map(facts.filter(({ observed }) => observed).map(({ id, statement }) => [id, statement]));
}

test('heartbeats wait at a server that counts its executions', async (t) => {
  const seen = await stated(t, 125, async (store) => {
    for (let at_s = 0; at_s <= 120; at_s += 10)
      await state(store, 'server', at_s, {
        ...{ 'rx.heartbeats': Math.floor(at_s / 30), 'rx.frames': Math.floor(at_s / 30), 'rx.control': 0 },
        ...{ executed: at_s < 40 ? 0 : 1, executing: 0, 'heartbeat.timeout_ms': 90_000 },
      });
  });
  assert.match(seen.get('server-work-waits') ?? '', /^2 heartbeats .* \(85 s\)$/);
});

test('frames find no handler, make it fail, or cannot be decoded', async (t) => {
  const seen = await stated(t, 305, async (store) => {
    for (let at_s = 0; at_s <= 300; at_s += 10) {
      await state(store, 'agent', at_s, { 'rx.unrouted': at_s / 10, 'handler.errors': at_s / 5 });
      await state(store, 'server', at_s, { 'rx.decode_errors': at_s });
    }
  });
  assert.match(seen.get('agent-unrouted') ?? '', /^12 frames /);
  assert.match(seen.get('agent-handler-errors') ?? '', /^24 frames /);
  assert.match(seen.get('server-decode-errors') ?? '', /^120 frames /);
});

/** The ends move from connection c1 to another one each, each in its own time. */
async function moved(store: EmbeddedStore, server_s: number, agent_s: number): Promise<void> {
  for (let at_s = 0; at_s <= 200; at_s += 10) {
    await state(store, 'server', at_s, { 'connection.id': at_s < server_s ? 'c1' : 'c2' });
    await state(store, 'agent', at_s, { 'connection.id': at_s < agent_s ? 'c1' : 'c3' });
  }
}

test('the ends have gone to different connections', async (t) => {
  const seen = await stated(t, 205, (store) => moved(store, 50, 150));
  assert.equal(seen.get('split-connection'), 'the server is on connection c2, the agent on c3');
});

test('the ends have gone to different connections at nearly the same time', async (t) => {
  assert.ok(!(await stated(t, 205, (store) => moved(store, 150, 180))).has('split-connection'));
});

test('the last word of an end is half a minute old', async (t) => {
  const seen = await stated(t, 240, async (store) => {
    for (let at_s = 0; at_s <= 200; at_s += 10)
      for (const end of ['server', 'agent'])
        await state(store, end, at_s, {
          ...{ 'tx.control': Math.min(at_s, 100), 'rx.control': Math.min(at_s, 90) },
          ...{ 'tx.frames': at_s, 'rx.frames': Math.min(at_s, 80), 'tx.heartbeats': 1, 'rx.heartbeats': 1 },
          ...{ executing: 2, executed: 1, 'last_seen.age_ms': at_s * 1000, 'heartbeat.interval_ms': 30_000 },
        });
  });
  // By the end's own present, which is one period after its last word.
  assert.match(seen.get('server-hears-nothing') ?? '', / for 120 s| for 2 min/);
  assert.match(seen.get('agent-control-stalls') ?? '', / for 110 s/);
  assert.match(seen.get('agent-execution-hangs') ?? '', / for 4 min/);
});

test("a channel's server is one of many that listen", async (t) => {
  const seen = await stated(t, 65, async (store) => {
    await state(store, 'agent', 60, { connected: false });
    await state(store, 'server', 60, { connected: false });
    const listener = (port: number, up: boolean) => ({
      ...{ 'server.address': '0.0.0.0', 'server.port': port, 'listener.up': up },
    });
    await tell(store, 'listener.state', 0, listener(8081, false));
    for (let port = 9001; port <= 9008; port++)
      await tell(store, 'listener.state', 60, listener(port, true), `another-${port}`);
  });
  assert.equal(seen.get('listener-down'), 'the server says that nothing listens on 0.0.0.0:8081');
});

for (const [what, channel] of Object.entries({
  'a quote and a backslash': "it's\\back",
  'an end of the call': "x'), channel = ''",
  'a line and a comment': 'a\n;-- /*',
  'a parameter': '{channel:String}',
  'another script': '\u{1F600} агент',
})) {
  test(`a channel and its connections whose names have ${what} pass the gate`, async (t) => {
    const names = { id: channel, 'connection.id': `${channel} c` };
    const seen = await stated(
      t,
      65,
      async (store) => {
        for (const end of ['server', 'agent'])
          await state(store, end, 60, { ...names, 'queue.depth': 7, 'queue.oldest_ms': 40_000 });
        await tell(store, 'frame.execute', 0, {
          ...{ 'channel.id': channel, 'channel.end': 'agent', 'channel.connection.id': `${channel} c` },
          ...{ 'frame.stage': 'execute', 'frame.direction': 'to_agent', 'frame.id': channel },
          ...{ 'frame.kind': 'command', 'frame.outcome': 'pending' },
        });
        await tell(store, 'channel.connect', 30, {
          ...{ 'channel.id': channel, 'channel.end': 'agent', 'channel.connect.outcome': 'refused' },
          ...{ 'server.address': channel, 'server.port': 443 },
        });
      },
      channel,
    );
    assert.match(seen.get('server-writes-stall') ?? '', /^7 frames wait/);
  });
}
