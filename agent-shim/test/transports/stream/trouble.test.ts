import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex, PassThrough, Readable } from 'node:stream';
import test from 'node:test';
import type { AttributeName } from '@halfopen/telemetry';
import { qtx1 } from '../../../src/index.js';
import { isRead } from '../../../src/transports/stream/liveness.js';
import { assertOfContract, type Telemetry } from '../../telemetry.js';
import { until } from '../../until.js';
import { duplexes } from './duplexes.js';
import { frame, framed, pair, watch } from './pair.js';

function last(
  { told, channel }: { told: Telemetry; channel: { report(): void } },
  name: AttributeName,
): unknown {
  channel.report();
  return told.attributes('channel.state').at(-1)?.[name];
}

test('while the peer does not read, frames wait: enqueued, not begun; the one that is being written is reported as it hangs', async (t) => {
  const { agent, server } = await pair(t, { server: { pendingAfterMs: 50, stateIntervalMs: 100 } });
  const padding = 'x'.repeat(1_000_000);
  const count = 24; // more than both ends' kernels take in
  for (let n = 1; n <= count; n++) server.socket.write(frame(`c${n}`, 'command', { padding }));
  await until(
    () => server.told.spans('frame.socket_write', { 'frame.outcome': 'pending' }).length >= 2,
    'pending, twice',
  );
  assert.equal(server.told.spans('frame.enqueue').length, count);
  const begun = new Set(server.told.attributes('frame.socket_write').map((span) => span['frame.id']));
  assert.ok(!begun.has(`c${count}`), 'the last one waits in the stream');
  assert.ok(Number(last(server, 'channel.queue.depth')) > 1);
  assert.ok(Number(last(server, 'channel.queue.oldest_ms')) > 0);
  assert.ok(Number(last(server, 'channel.tx.frames')) < count);
  agent.socket.resume();
  await until(
    () => server.told.spans('frame.socket_write', { 'frame.outcome': 'ok' }).length === count,
    'written in the end',
  );
  assert.equal(last(server, 'channel.queue.depth'), 0);
  assert.equal(last(server, 'channel.tx.bytes'), server.socket.bytesWritten);
});

test('frames that wait as the connection ends were not written', async (t) => {
  const { server } = await pair(t);
  const padding = 'x'.repeat(1_000_000);
  for (let n = 1; n <= 24; n++) server.socket.write(frame(`c${n}`, 'command', { padding }));
  server.socket.destroy();
  await once(server.socket, 'close');
  const [write] = server.told.attributes('frame.socket_write', { 'frame.id': 'c24' });
  assert.equal(write?.['frame.outcome'], 'error');
  assert.equal(server.told.attributes('channel.state').at(-1)?.['channel.queue.depth'], 0);
  assert.equal(server.told.attributes('channel.close')[0]?.['channel.close.initiator'], 'self');
});

test('a write that the stream refuses was not handed over', async (t) => {
  const { agent, server } = await pair(t, { allowHalfOpen: true });
  agent.socket.resume();
  server.socket.end(frame('c1', 'command'));
  server.socket.write(frame('c2', 'command'));
  await until(() => agent.told.spans('frame.receive').length === 1, 'the first');
  assert.deepEqual(
    server.told.attributes('frame.enqueue').map((span) => span['frame.id']),
    ['c1'],
  );
  assert.equal(last(server, 'channel.writer.alive'), false);
});

test('what was written before anybody looked is not mixed up with what is written after', async () => {
  const written: string[] = [];
  const callbacks: (() => void)[] = [];
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, callback) => {
      written.push(String(chunk));
      callbacks.push(callback);
    },
  });
  stream.write('old');
  const { told } = watch('server', stream);
  stream.write(frame('early', 'command'));
  while (callbacks.length > 0) {
    callbacks.shift()?.();
    await new Promise(setImmediate);
  }
  stream.write(frame('c1', 'command'));
  assert.equal(told.spans('frame.socket_write').length, 0);
  callbacks.shift()?.();
  assert.deepEqual(
    told.attributes('frame.socket_write').map((span) => span['frame.id']),
    ['c1'],
  );
  assert.equal(written.length, 3);
  stream.destroy();
  await once(stream, 'close');
});

test('a reset by the peer was the transport', async (t) => {
  const { agent, server } = await pair(t);
  agent.socket.resetAndDestroy();
  await new Promise((resolve) => server.socket.once('close', resolve));
  assert.equal(server.told.attributes('channel.close')[0]?.['channel.close.initiator'], 'transport');
  assert.equal(agent.told.attributes('channel.close')[0]?.['channel.close.initiator'], 'self');
});

const QTX1 = (text: string): Buffer => Buffer.concat([Buffer.from('51545801', 'hex'), framed(text)]);

test('a reader that begins in old bytes says what it skipped, and goes on', async () => {
  const [near, far] = duplexes();
  const { told, channel } = watch('server', far, { codec: qtx1 });
  far.resume();
  near.write(
    Buffer.concat([
      QTX1('"an old frame, of which the beginning is gone"').subarray(5),
      QTX1('{"id":"h1","type":"heartbeat"}'),
    ]),
  );
  await until(() => told.spans('frame.receive', { 'frame.id': 'h1' }).length === 1, 'the first whole frame');
  const [garbage] = told.attributes('frame.receive', { 'frame.drop_reason': 'decode' });
  assert.equal(garbage?.['frame.size'], 49);
  assert.equal(garbage['error.type'], 'no_magic');
  assert.equal(garbage['frame.outcome'], 'dropped');
  assert.equal(last({ told, channel }, 'channel.rx.decode_errors'), 1);
  assert.equal(last({ told, channel }, 'channel.rx.frames'), 1);
  assertOfContract(told.all());
  for (const stream of [near, far]) stream.destroy();
  await once(far, 'close');
});

test('a stream that has lost its framing goes on to say so as bytes arrive', async () => {
  const [near, far] = duplexes();
  const end = watch('agent', far, { codec: qtx1 });
  far.resume();
  for (let n = 1; n <= 3; n++) {
    near.write('no magic in this');
    await until(() => last(end, 'channel.rx.decode_errors') === n, `error ${n}`);
  }
  assert.equal(last(end, 'channel.rx.bytes'), 0);
  for (const stream of [near, far]) stream.destroy();
  await once(far, 'close');
});

test('what the application writes that is no frame is told at the end that wrote it, and written', async () => {
  const [near, far] = duplexes();
  const { told } = watch('server', near, { codec: qtx1 });
  const arrived = once(far, 'data');
  near.write('not framed');
  assert.equal(String((await arrived)[0]), 'not framed');
  const [enqueue] = told.attributes('frame.enqueue');
  assert.equal(enqueue?.['frame.outcome'], 'error');
  assert.equal(enqueue['error.type'], 'no_magic');
  assert.equal(enqueue['frame.size'], 10);
  assertOfContract(told.all());
  for (const stream of [near, far]) stream.destroy();
  await once(far, 'close');
});

test('a peer that is gone in the midst of a frame leaves a decode error', async (t) => {
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const { agent, server } = await pair(t);
    server.socket.resume();
    agent.socket.write(Buffer.concat([frame('h1', 'heartbeat'), frame('h2', 'heartbeat').subarray(0, 12)]));
    await until(() => server.told.spans('frame.receive').length === 1, 'the first frame');
    await until(() => server.socket.bytesRead === frame('h1', 'heartbeat').length + 12, 'half of the second');
    agent.socket[leave]();
    await new Promise((resolve) => server.socket.once('close', resolve));
    const [, broken] = server.told.attributes('frame.receive');
    assert.equal(broken?.['error.type'], 'truncated', leave);
    assert.equal(broken['frame.size'], 12);
    assert.equal(server.told.attributes('channel.state').at(-1)?.['channel.rx.decode_errors'], 1);
  }
});

test('frames that cannot be decoded, or are too long to be described, are told as such', async (t) => {
  const { agent, server } = await pair(t, { agent: { describedBytesMax: 100, frameBytesMax: 1_000 } });
  agent.socket.resume();
  server.socket.write(framed('{'));
  server.socket.write(frame('c1', 'command', { padding: 'x'.repeat(200) }));
  server.socket.write(frame('c2', 'command', { padding: 'x'.repeat(2_000) }));
  server.socket.write(frame('c3', 'command'));
  await until(() => agent.told.spans('frame.receive', { 'frame.id': 'c3' }).length === 1, 'the last');
  assert.deepEqual(
    agent.told.attributes('frame.receive', { 'frame.outcome': 'dropped' }).map((span) => span['error.type']),
    ['SyntaxError', 'length_over_limit'],
  );
  assert.equal(last(agent, 'channel.rx.frames'), 2);
  assert.equal(last(agent, 'channel.rx.decode_errors'), 2);
});

test('what a listener throws goes to who delivered, and the frame was received', async () => {
  const stream = new Duplex({ read: () => undefined, write: () => undefined });
  const { told } = watch('agent', stream);
  stream.on('data', () => {
    throw new RangeError('of the application');
  });
  await once(stream, 'resume');
  assert.throws(() => stream.push(frame('c1', 'command')), RangeError);
  assert.equal(told.spans('frame.receive', { 'frame.id': 'c1' }).length, 1);
  stream.destroy();
  await once(stream, 'close');
});

test('a reader is alive while it flows, or takes what arrives, or has been paused just now', () => {
  const now = { pausedAt_ms: undefined, deliveredAt_ms: 0 };
  const nobody = new Readable({ read: () => undefined });
  assert.equal(isRead(nobody, now, 0), false, 'nobody has asked for anything');
  const flowing = new PassThrough().resume();
  assert.equal(isRead(flowing, now, 1e6), true);
  flowing.pause();
  assert.equal(
    isRead(flowing, { ...now, pausedAt_ms: 1_000 }, 1_500),
    true,
    'a pipe may pause it for a moment',
  );
  assert.equal(isRead(flowing, { ...now, pausedAt_ms: 1_000 }, 2_500), false);
  const taking = new Readable({ read: () => undefined }).on('readable', () => undefined);
  assert.equal(isRead(taking, now, 1e6), true, 'nothing has arrived');
  taking.push('something');
  assert.equal(isRead(taking, { ...now, deliveredAt_ms: 1_000 }, 2_000), true);
  assert.equal(isRead(taking, { ...now, deliveredAt_ms: 1_000 }, 7_000), false, 'it is left there');
  taking.destroy();
  assert.equal(isRead(taking, now, 0), false);
});

test('a reader whose loop has ended is told of as dead while the connection stays', async (t) => {
  const { agent, server } = await pair(t, { server: { stateIntervalMs: 50 } });
  server.socket.on('data', () => server.socket.pause());
  await until(() => last(server, 'channel.reader.alive') === true, 'it reads');
  agent.socket.write(frame('h1', 'heartbeat'));
  await until(() => last(server, 'channel.reader.alive') === false, 'it stopped');
  assert.equal(last(server, 'channel.connected'), true);
  assert.equal(last(server, 'channel.writer.alive'), true);
});
