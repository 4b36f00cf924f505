import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import type { AttributeName, SpanName } from '@halfopen/telemetry';
import { assertOfContract, durationOf } from '../../telemetry.js';
import { frame, IDENTITY, pair, type Pair } from './pair.js';
import { until } from '../../until.js';

/** A command that is acknowledged on receipt, executed and answered. */
async function command({ agent, server }: Pair, id = 'c1'): Promise<void> {
  agent.socket.on('message', (data) => {
    const { id: received, kind } = JSON.parse((data as Buffer).toString()) as { id: string; kind: string };
    if (kind !== 'command') return;
    agent.socket.send(frame(`a-${received}`, 'ack', received));
    agent.socket.send(frame(`r-${received}`, 'result', received));
  });
  server.socket.on('message', () => undefined);
  server.socket.send(frame(id, 'command'));
  await until(
    () => server.told.spans('frame.execute', { 'frame.kind': 'result' }).length === 1,
    'the result is executed',
  );
  await until(
    () => agent.told.spans('frame.socket_write', { 'frame.kind': 'result' }).length === 1,
    'it was written',
  );
}

test('a command leaves all five stages, each told by the end that sees it', async (t) => {
  const ends = await pair(t);
  await command(ends);
  const { agent, server } = ends;
  const stages = (told: typeof agent.told, id: string): string[] =>
    told
      .all()
      .filter(({ attributes }) => attributes['frame.id'] === id)
      .map(
        ({ name, attributes }) =>
          `${name} ${String(attributes['frame.kind'])} ${String(attributes['frame.direction'])}`,
      )
      .sort();
  assert.deepEqual(stages(server.told, 'c1'), [
    'frame.ack command to_agent',
    'frame.enqueue command to_agent',
    'frame.socket_write command to_agent',
  ]);
  assert.deepEqual(stages(agent.told, 'c1'), [
    'frame.ack command to_agent',
    'frame.execute command to_agent',
    'frame.receive command to_agent',
  ]);
  assert.deepEqual(stages(agent.told, 'a-c1'), [
    'frame.enqueue ack to_server',
    'frame.socket_write ack to_server',
  ]);
  assert.deepEqual(stages(server.told, 'a-c1'), ['frame.receive ack to_server']);
  const [receive] = server.told.attributes('frame.receive', { 'frame.id': 'a-c1' });
  assert.equal(receive?.['frame.reply_to'], 'c1');
  assert.equal(server.told.attributes('frame.socket_write')[0]?.['frame.seq'], 1);
});

test('both ends call the connection by one name, and say whose it is', async (t) => {
  const { agent, server } = await pair(t);
  assert.match(agent.channel.connectionId ?? '', /^[0-9a-f]{16}$/);
  assert.equal(agent.channel.connectionId, server.channel.connectionId);
  for (const [end, { told }] of Object.entries({ agent, server })) {
    const [connect] = told.attributes('channel.connect');
    assert.equal(connect?.['channel.connect.outcome'], 'ok');
    assert.equal(connect['channel.end'], end);
    assert.equal(connect['channel.id'], IDENTITY.id);
    assert.equal(connect['channel.site'], IDENTITY.site);
    assert.equal(connect['channel.gateway'], IDENTITY.gateway);
    assert.equal(connect['channel.agent.version'], IDENTITY.agentVersion);
  }
});

test("a frame's stages at one end are one trace with one root, of some duration", async (t) => {
  const ends = await pair(t);
  await command(ends);
  for (const { told } of [ends.agent, ends.server]) {
    const traces = byTrace(told.all());
    for (const spans of traces.values()) {
      if (!spans.some(({ name }) => name.startsWith('frame.'))) continue;
      const roots = spans.filter(({ parentSpanContext }) => parentSpanContext === undefined);
      assert.equal(roots.length, 1, spans.map(({ name }) => name).join());
      assert.ok(durationOf(roots[0]!) > 0);
      for (const { parentSpanContext } of spans)
        if (parentSpanContext !== undefined)
          assert.equal(parentSpanContext.spanId, roots[0]!.spanContext().spanId);
    }
  }
});

test('pings and pongs are control frames, and share their id at both ends', async (t) => {
  const { agent, server } = await pair(t);
  const pongs = once(server.socket, 'pong');
  server.socket.ping('hi');
  await pongs;
  server.socket.ping();
  await until(() => server.told.spans('frame.receive', { 'frame.kind': 'pong' }).length === 2, 'two pongs');
  const ids = (told: typeof agent.told, name: SpanName, kind: string): unknown[] =>
    told.attributes(name, { 'frame.kind': kind }).map((attributes) => attributes['frame.id']);
  const expected = ['server-ping-6869', 'server-ping-2'];
  assert.deepEqual(ids(server.told, 'frame.socket_write', 'ping'), expected);
  assert.deepEqual(ids(agent.told, 'frame.receive', 'ping'), expected);
  assert.deepEqual(ids(agent.told, 'frame.enqueue', 'pong'), expected);
  assert.deepEqual(ids(server.told, 'frame.receive', 'pong'), expected);
  server.channel.report();
  const state = server.told.attributes('channel.state').at(-1);
  assert.equal(state?.['channel.tx.control'], 2);
  assert.equal(state['channel.rx.control'], 2);
  assert.equal(state['channel.tx.frames'], 0);
});

test('the last state of a connection holds its final counts, and the close says who closed', async (t) => {
  const ends = await pair(t);
  const { agent, server } = ends;
  await command(ends);
  agent.socket.send(frame('h1', 'heartbeat'));
  await until(
    () => server.told.spans('frame.execute', { 'frame.kind': 'heartbeat' }).length === 1,
    'a heartbeat',
  );
  const closed = [once(agent.socket, 'close'), once(server.socket, 'close')];
  server.socket.close(1001, 'deploy');
  await Promise.all(closed);
  const last = {
    agent: agent.told.attributes('channel.state').at(-1),
    server: server.told.attributes('channel.state').at(-1),
  };
  const counts: [AttributeName, AttributeName, number][] = [
    ['channel.tx.frames', 'channel.rx.frames', 1],
    ['channel.tx.commands', 'channel.rx.commands', 1],
    ['channel.rx.acks', 'channel.tx.acks', 1],
    ['channel.rx.heartbeats', 'channel.tx.heartbeats', 1],
    ['channel.rx.frames', 'channel.tx.frames', 3],
  ];
  for (const [atServer, atAgent, count] of counts) {
    assert.equal(last.server?.[atServer], count, atServer);
    assert.equal(last.agent?.[atAgent], count, atAgent);
  }
  assert.equal(last.server?.['channel.tx.bytes'], last.agent?.['channel.rx.bytes']);
  assert.equal(last.server?.['channel.executed'], 2);
  assert.equal(last.agent?.['channel.executed'], 1);
  assert.equal(last.agent['channel.connected'], false);
  assert.equal(last.agent['channel.queue.depth'], 0);
  for (const [told, initiator] of [
    [agent.told, 'peer'],
    [server.told, 'self'],
  ] as const) {
    const [close] = told.attributes('channel.close');
    assert.equal(close?.['channel.close.code'], 1001);
    assert.equal(close['channel.close.reason'], 'deploy');
    assert.equal(close['channel.close.initiator'], initiator);
  }
});

test('a connection that breaks was closed by the transport, for the end that did not do it', async (t) => {
  const { agent, server } = await pair(t);
  const closed = once(agent.socket, 'close');
  server.socket.terminate();
  await closed;
  assert.equal(agent.told.attributes('channel.close')[0]?.['channel.close.initiator'], 'transport');
  assert.equal(server.told.attributes('channel.close')[0]?.['channel.close.initiator'], 'self');
});

test('every attribute is one of the contract, of its type and on its span', async (t) => {
  const ends = await pair(t, {
    agent: {
      beliefs: () => ({ heartbeatActive: true, heartbeatIntervalMs: 30_000 }),
      executorId: 'x1',
      sampleRate: 1,
    },
    server: {
      beliefs: () => ({ lastSeenAgeMs: 12, heartbeatTimeoutMs: 90_000 }),
      expected: () => [IDENTITY],
    },
  });
  await command(ends);
  ends.agent.socket.ping('p');
  await until(() => ends.server.told.spans('frame.receive', { 'frame.kind': 'ping' }).length === 1, 'a ping');
  ends.agent.socket.close(1000, 'bye');
  await until(() => ends.server.told.spans('channel.close').length === 1, 'the close');
  const spans = [...ends.agent.told.all(), ...ends.server.told.all()];
  assert.deepEqual([...new Set(spans.map(({ name }) => name))].sort(), [
    'channel.close',
    'channel.connect',
    'channel.expected',
    'channel.state',
    'frame.ack',
    'frame.enqueue',
    'frame.execute',
    'frame.receive',
    'frame.socket_write',
    'listener.state',
  ]);
  assertOfContract(spans);
});

function byTrace<T extends { spanContext(): { traceId: string } }>(spans: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const span of spans) {
    const { traceId } = span.spanContext();
    groups.set(traceId, [...(groups.get(traceId) ?? []), span]);
  }
  return groups;
}
