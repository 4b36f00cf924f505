import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, Socket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import { ndjson } from '../../../src/index.js';
import type { Telemetry } from '../../telemetry.js';
import { until } from '../../until.js';
import { frame, IDENTITY, pair, watch, type Differing } from './pair.js';

function phases(told: Telemetry): unknown[] {
  return told
    .attributes('channel.connect')
    .map((span) => [span['channel.connect.outcome'], span['channel.connect.phase'], span['error.type']]);
}

/** A pre-shared key in the place of certificates. */
const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const TLS: TlsOptions = { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => KEY };

async function tlsServer(
  t: TestContext,
  options = TLS,
): Promise<{ port: number; accepted: Promise<[TLSSocket]> }> {
  const server = createTlsServer(options).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  return { port: (server.address() as AddressInfo).port, accepted };
}

function dialTls(port: number, psk: Buffer): TLSSocket {
  return connectTls({
    port,
    host: '127.0.0.1',
    ciphers: 'PSK',
    maxVersion: 'TLSv1.2',
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ psk, identity: 'agent-7' }),
  });
}

test('over TLS both ends call the connection by one name without a byte on the wire, and another connection by another', async (t) => {
  const names: (string | undefined)[] = [];
  for (let n = 0; n < 2; n++) {
    const { port, accepted } = await tlsServer(t);
    const socket = dialTls(port, KEY);
    const agent = watch('agent', socket);
    const [peer] = await accepted;
    const server = watch('server', peer);
    peer.resume();
    if (agent.channel.connectionId === undefined) await once(socket, 'secureConnect');
    socket.end(frame('h1', 'heartbeat'));
    await until(
      () => server.told.spans('channel.close').length + agent.told.spans('channel.close').length === 2,
      'closed',
    );
    assert.deepEqual(phases(agent.told), [['ok', 'tls', undefined]]);
    assert.equal(server.told.spans('frame.receive').length, 1);
    for (const { told } of [agent, server])
      for (const { name, attributes } of told.all())
        assert.equal(attributes['channel.connection.id'], agent.channel.connectionId, name);
    assert.equal(server.channel.connectionId, agent.channel.connectionId);
    assert.match(agent.channel.connectionId ?? '', /^[0-9a-f]{16}$/);
    names.push(agent.channel.connectionId);
  }
  assert.notEqual(names[0], names[1]);
});

test('an attempt that fails says how far it came', async (t) => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const failing = async (socket: Socket): Promise<unknown> => {
    const { told } = watch('agent', socket);
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
    assert.equal(told.spans('channel.close').length, 0, 'what was never open is not closed');
    assert.equal(told.attributes('channel.state').at(-1)?.['channel.connected'], false);
    return phases(told)[0];
  };
  assert.deepEqual(await failing(connect(port, '127.0.0.1')), ['refused', 'tcp', 'ECONNREFUSED']);
  assert.deepEqual(await failing(connect(join(tmpdir(), `no-such-${process.pid}`))), [
    'refused',
    'tcp',
    'ENOENT',
  ]);
  const { port: tls } = await tlsServer(t);
  const [outcome, phase] = (await failing(dialTls(tls, Buffer.alloc(16)))) as unknown[];
  assert.equal(phase, 'tls');
  assert.notEqual(outcome, 'ok');
  const givenUp = connect(tls, '127.0.0.1');
  process.nextTick(() => givenUp.destroy());
  assert.deepEqual(await failing(givenUp), ['error', 'tcp', '_OTHER']);
});

test('a socket that is made first and connected later is open when it is', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const socket = new Socket();
  const { told } = watch('agent', socket);
  assert.deepEqual(phases(told), []);
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  assert.deepEqual(phases(told), [['ok', 'tcp', undefined]]);
  socket.destroy();
  await once(socket, 'close');
});

test('over a Unix socket', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'shim-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'channel.sock');
  const server = createServer().listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect(path);
  const agent = watch('agent', socket, { transport: 'unix' });
  const [peer] = await accepted;
  const host = watch('server', peer, { transport: 'unix' });
  peer.on('data', () => undefined);
  socket.end(frame('h1', 'heartbeat'));
  await once(peer, 'close');
  assert.equal(agent.told.attributes('channel.connect')[0]?.['channel.transport'], 'unix');
  assert.equal(host.told.spans('frame.receive', { 'frame.id': 'h1' }).length, 1);
  assert.equal(host.told.attributes('channel.close')[0]?.['channel.close.initiator'], 'peer');
});

test("over a child process's standard input and output", async () => {
  const echo = `process.stdin.on('data', (data) => process.stdout.write(data)).on('end', () => process.exit())`;
  const child = spawn(process.execPath, ['-e', echo], { stdio: ['pipe', 'pipe', 'inherit'] });
  const parts = { readable: child.stdout, writable: child.stdin };
  const { told, channel } = watch('server', parts, {
    transport: 'stdio',
    codec: ndjson,
    connectionId: String(child.pid),
  });
  child.stdout.resume();
  child.stdin.write('{"id":"c1","type":"command"}\n');
  await until(() => told.spans('frame.receive', { 'frame.id': 'c1' }).length === 1, 'the echo');
  assert.equal(told.spans('frame.socket_write', { 'frame.id': 'c1' }).length, 1);
  assert.deepEqual(phases(told), [['ok', undefined, undefined]]);
  assert.equal(channel.connectionId, String(child.pid));
  child.kill();
  await until(() => told.spans('channel.close').length === 1, 'the close');
  assert.equal(told.attributes('channel.close')[0]?.['channel.close.initiator'], 'peer');
  assert.equal(told.attributes('channel.state').at(-1)?.['channel.connected'], false);
});

test('over two streams of files, such as a character device read and written, which are open when both are', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'shim-'));
  t.after(() => rm(directory, { recursive: true }));
  const [from, to] = [join(directory, 'from'), join(directory, 'to')];
  await writeFile(from, frame('c1', 'command'));
  const parts = { readable: createReadStream(from), writable: createWriteStream(to) };
  const { told } = watch('agent', parts, { transport: 'virtio-serial' });
  assert.deepEqual(phases(told), [], 'nothing is open yet');
  parts.readable.resume();
  await once(parts.readable, 'close');
  parts.writable.end(frame('a1', 'ack', { reply_to: 'c1' }));
  await once(parts.writable, 'close');
  assert.deepEqual(phases(told), [['ok', undefined, undefined]]);
  assert.equal(told.spans('frame.receive', { 'frame.id': 'c1' }).length, 1);
  assert.equal(told.spans('frame.ack', { 'frame.id': 'c1' }).length, 1);
  assert.deepEqual(await readFile(to), frame('a1', 'ack', { reply_to: 'c1' }));
  assert.equal(told.attributes('channel.close')[0]?.['channel.close.initiator'], 'peer');
});

/** A server learns from the first frame whose connection it is, and what it is called. */
const INTRODUCED: Differing = {
  identify: (payload) => {
    const { id, type, nonce } = JSON.parse(String(payload)) as { id: string; type: string; nonce: string };
    return type === 'hello' ? { channel: { ...IDENTITY, id }, connectionId: nonce } : undefined;
  },
};

test('a first frame says whose connection it is and what it is called: all that is told says so', async (t) => {
  const { agent, server } = await pair(t, { agent: { connectionId: 'n1' }, server: INTRODUCED });
  server.socket.resume();
  assert.equal(server.told.all().length, 0, 'nobody knows yet whose it is');
  assert.equal(
    server.channel.execute('c1', () => 42),
    42,
  );
  agent.socket.write(frame('agent-7', 'hello', { nonce: 'n1' }));
  agent.socket.write(frame('h1', 'heartbeat'));
  await until(() => server.told.spans('frame.receive').length === 2, 'both');
  assert.deepEqual(phases(server.told), [['ok', 'hello', undefined]]);
  for (const { told } of [agent, server]) {
    for (const { name, attributes } of told.all()) {
      assert.equal(attributes['channel.connection.id'], 'n1', name);
      assert.equal(attributes['channel.id'], 'agent-7', name);
    }
  }
});

test('a channel that is known is told of though nobody introduces himself, as it ends at the latest', async (t) => {
  const { server } = await pair(t, { server: { ...INTRODUCED, channel: IDENTITY } });
  assert.equal(server.told.spans('channel.connect').length, 0, 'the name of the connection may come');
  server.socket.destroy();
  await once(server.socket, 'close');
  assert.deepEqual(phases(server.told), [['ok', 'tcp', undefined]]);
  assert.equal(server.told.spans('channel.close').length, 1);
});

test('it is told of after five seconds of silence', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { server } = await pair(t, { server: { ...INTRODUCED, channel: IDENTITY } });
  t.mock.timers.tick(5_000);
  assert.deepEqual(phases(server.told), [['ok', 'tcp', undefined]]);
  assert.equal(server.channel.connectionId, undefined);
});
