import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import test from 'node:test';
import { WebSocket } from 'ws';
import { instrumentWebSocketClient } from '../../../src/index.js';
import { Telemetry } from '../../telemetry.js';
import { describeFrame, frame, IDENTITY, pair } from './pair.js';
import { until } from '../../until.js';

test('a write that stalls is reported while it hangs, and the queue with it', async (t) => {
  const { agent, server } = await pair(t, { server: { pendingAfterMs: 100, stateIntervalMs: 200 } });
  agent.socket.pause();
  // More than both ends' kernels and Node take in.
  const padding = 'x'.repeat(1_000_000);
  for (let n = 1; n <= 64; n++) server.socket.send(JSON.stringify({ id: `c${n}`, kind: 'command', padding }));
  await until(
    () =>
      server.told.spans('frame.socket_write', { 'frame.id': 'c64', 'frame.outcome': 'pending' }).length >= 2,
    'pending, twice',
  );
  const state = server.told.attributes('channel.state').at(-1);
  assert.ok(Number(state?.['channel.queue.depth']) > 0);
  assert.ok(Number(state?.['channel.queue.oldest_ms']) > 0);
  assert.equal(state?.['channel.tx.commands'], state?.['channel.tx.frames']);
  assert.ok(Number(state?.['channel.tx.commands']) < 64);
  agent.socket.resume();
  await until(
    () => server.told.spans('frame.socket_write', { 'frame.id': 'c64', 'frame.outcome': 'ok' }).length === 1,
    'written in the end',
  );
  server.channel.report();
  assert.equal(server.told.attributes('channel.state').at(-1)?.['channel.queue.depth'], 0);
});

test('writes that never complete end as errors when the connection does', async (t) => {
  const { agent, server } = await pair(t);
  agent.socket.pause();
  const padding = 'x'.repeat(1_000_000);
  for (let n = 1; n <= 64; n++) server.socket.send(JSON.stringify({ id: `c${n}`, kind: 'command', padding }));
  const closed = once(server.socket, 'close');
  server.socket.terminate();
  await closed;
  const [last] = server.told.spans('frame.socket_write', { 'frame.id': 'c64' });
  assert.equal(last?.attributes['frame.outcome'], 'error');
  assert.equal(server.told.attributes('channel.state').at(-1)?.['channel.queue.depth'], 0);
});

test('a handler that does not end is reported while it hangs, and a paused reader is not called alive', async (t) => {
  const { agent, server } = await pair(t, { agent: { pendingAfterMs: 50, stateIntervalMs: 100 } });
  let finish: () => void = () => undefined;
  const hangs: () => unknown = () => new Promise<void>((resolve) => (finish = resolve));
  agent.socket.on('message', hangs);
  server.socket.send(frame('c1', 'command'));
  await until(
    () => agent.told.spans('frame.execute', { 'frame.outcome': 'pending' }).length >= 2,
    'pending, twice',
  );
  const state = agent.told.attributes('channel.state').at(-1);
  assert.equal(state?.['channel.executing'], 1);
  assert.equal(state['channel.executed'], 0);
  finish();
  await until(() => agent.told.spans('frame.execute', { 'frame.outcome': 'ok' }).length === 1, 'it ends');
  assert.equal(state['channel.reader.alive'], true);
  agent.socket.pause();
  await until(
    () => agent.told.attributes('channel.state').at(-1)?.['channel.reader.alive'] === false,
    'the change is reported',
  );
});

test('a channel without a message listener has no handler, and an application may say that its own is dead', async (t) => {
  let handlerAlive = true;
  const { agent } = await pair(t, { agent: { beliefs: () => ({ handlerAlive }), stateIntervalMs: 60_000 } });
  const last = (): unknown => {
    agent.channel.report();
    return agent.told.attributes('channel.state').at(-1)?.['channel.handler.alive'];
  };
  assert.equal(last(), false);
  agent.socket.on('message', () => undefined);
  assert.equal(last(), true);
  handlerAlive = false;
  assert.equal(last(), false);
});

test('where the listener only queues, the application says what executes, what is unrouted and what fails', async (t) => {
  const { agent, server } = await pair(t, { agent: { handling: 'explicit' } });
  const received = new Promise<void>((resolve) => {
    agent.socket.on('message', (data) => {
      const text = (data as Buffer).toString();
      if (text.includes('c3')) resolve();
      if (text.includes('c2')) agent.channel.unrouted('c2');
    });
  });
  for (const id of ['c1', 'c2', 'c3']) server.socket.send(frame(id, 'command'));
  await received;
  assert.equal(agent.told.spans('frame.execute').length, 0);
  assert.equal(
    agent.channel.execute('c1', () => 42),
    42,
  );
  await assert.rejects(
    agent.channel.execute('c3', () => Promise.reject(new TypeError('no'))),
    /no/,
  );
  assert.throws(
    () =>
      agent.channel.execute('unknown', () => {
        throw new Error('as before');
      }),
    /as before/,
  );
  const [unrouted] = agent.told.attributes('frame.receive', { 'frame.id': 'c2' });
  assert.equal(unrouted?.['frame.outcome'], 'dropped');
  assert.equal(unrouted['frame.drop_reason'], 'unrouted');
  assert.equal(agent.told.attributes('frame.execute', { 'frame.id': 'c1' })[0]?.['frame.outcome'], 'ok');
  const [failed] = agent.told.attributes('frame.execute', { 'frame.id': 'c3' });
  assert.equal(failed?.['frame.outcome'], 'error');
  assert.equal(failed['error.type'], 'TypeError');
  agent.channel.report();
  const state = agent.told.attributes('channel.state').at(-1);
  assert.equal(state?.['channel.rx.unrouted'], 1);
  assert.equal(state['channel.handler.errors'], 1);
  assert.equal(state['channel.executed'], 2);
});

test("an application's own queue: enqueued, discarded, or written later", async (t) => {
  const { server } = await pair(t);
  server.channel.enqueue(frame('c1', 'command'));
  server.channel.enqueue(frame('c2', 'command'));
  server.channel.report();
  assert.equal(server.told.attributes('channel.state').at(-1)?.['channel.queue.depth'], 2);
  server.channel.discard('c2', 'expired');
  server.socket.send(frame('c1', 'command'));
  await until(() => server.told.spans('frame.socket_write').length === 1, 'written');
  assert.equal(server.told.spans('frame.enqueue', { 'frame.id': 'c1' }).length, 1);
  const dropped = server.told.attributes('frame.enqueue', { 'frame.id': 'c2', 'frame.outcome': 'dropped' });
  assert.equal(dropped[0]?.['frame.drop_reason'], 'expired');
});

test('what cannot be decoded is dropped and counted, not received', async (t) => {
  const { agent, server } = await pair(t, {
    agent: {
      describeFrame: (data, binary, way) =>
        String(data) === '?' ? { decodeError: 'SyntaxError' } : describeFrame(data, binary, way),
    },
  });
  server.socket.send('?');
  await until(() => agent.told.spans('frame.receive').length === 1, 'told');
  const [dropped] = agent.told.attributes('frame.receive');
  assert.equal(dropped?.['frame.outcome'], 'dropped');
  assert.equal(dropped['frame.drop_reason'], 'decode');
  agent.channel.report();
  const state = agent.told.attributes('channel.state').at(-1);
  assert.equal(state?.['channel.rx.decode_errors'], 1);
  assert.equal(state['channel.rx.frames'], 0);
});

test('frames that have no spans are counted, and both ends choose the same ones', async (t) => {
  const sampleRate = 4;
  const { agent, server } = await pair(t, { agent: { sampleRate }, server: { sampleRate } });
  agent.socket.on('message', () => undefined);
  for (let n = 0; n < 400; n++) server.socket.send(frame(`c${n}`, 'command'));
  await until(() => {
    agent.channel.report();
    return agent.told.attributes('channel.state').at(-1)?.['channel.rx.frames'] === 400;
  }, 'all are counted');
  const ids = (told: Telemetry, name: 'frame.receive' | 'frame.enqueue'): unknown[] =>
    told.attributes(name).map((attributes) => attributes['frame.id']);
  const chosen = ids(server.told, 'frame.enqueue');
  assert.deepEqual(ids(agent.told, 'frame.receive'), chosen);
  assert.ok(chosen.length > 60 && chosen.length < 140, `${chosen.length} of 400`);
  assert.equal(agent.told.attributes('frame.receive')[0]?.['frame.sample_rate'], 4);
});

interface Failed {
  readonly outcome: unknown;
  readonly phase: unknown;
  readonly status: unknown;
  readonly error: string;
}

async function failing(url: string, prepare: (socket: WebSocket) => void = () => undefined): Promise<Failed> {
  const told = new Telemetry();
  const socket = new WebSocket(url, { handshakeTimeout: 300 });
  instrumentWebSocketClient(socket, { channel: IDENTITY, describeFrame, tracer: told.tracer });
  prepare(socket);
  const [error] = (await once(socket, 'error')) as [Error];
  await until(() => told.spans('channel.connect').length === 1, 'the attempt is told');
  const [connect] = told.attributes('channel.connect');
  assert.equal(connect?.['server.address'], new URL(url).hostname);
  assert.equal(told.attributes('channel.state').at(-1)?.['channel.connected'], false);
  assert.equal(told.spans('channel.close').length, 0, 'what was never open is not closed');
  return {
    outcome: connect['channel.connect.outcome'],
    phase: connect['channel.connect.phase'],
    status: connect['http.response.status_code'],
    error: error.message,
  };
}

test('an attempt that fails says how far it came', async (t) => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const refused = await failing(`ws://127.0.0.1:${port}`);
  assert.deepEqual([refused.outcome, refused.phase], ['refused', 'tcp']);

  const http = createHttpServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
  await once(http, 'listening');
  t.after(() => http.close());
  const rejected = await failing(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`);
  assert.deepEqual([rejected.outcome, rejected.phase, rejected.status], ['rejected', 'upgrade', 404]);
  assert.equal(rejected.error, 'Unexpected server response: 404', "ws's own handling of it goes on");

  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const late = await failing(`ws://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  assert.deepEqual([late.outcome, late.phase], ['timeout', 'upgrade']);

  const plain = await failing(`wss://127.0.0.1:${(http.address() as AddressInfo).port}`);
  assert.deepEqual([plain.outcome, plain.phase], ['rejected', 'tls']);
});
