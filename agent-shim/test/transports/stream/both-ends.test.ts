import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import type { AttributeName } from '@halfopen/telemetry';
import fc from 'fast-check';
import { describeJson, ndjson } from '../../../src/index.js';
import { assertOfContract, durationOf, type Telemetry } from '../../telemetry.js';
import { until } from '../../until.js';
import { duplexes } from './duplexes.js';
import { frame, framed, IDENTITY, pair, watch, type End } from './pair.js';

/** A command that is acknowledged on receipt, executed and answered. */
async function command({ agent, server }: { agent: End; server: End }): Promise<void> {
  agent.socket.on('data', (data: Buffer) => {
    const { id } = JSON.parse(data.toString('utf8', 4)) as { id: string };
    agent.socket.write(frame(`a-${id}`, 'ack', { reply_to: id }));
    void agent.channel.execute(id, async () => {
      await Promise.resolve();
      agent.socket.write(frame(`r-${id}`, 'result', { reply_to: id }));
    });
  });
  server.socket.resume();
  server.socket.write(frame('c1', 'command'));
  await until(
    () => server.told.spans('frame.receive', { 'frame.kind': 'result' }).length === 1,
    'the result is there',
  );
  await until(
    () => agent.told.spans('frame.socket_write', { 'frame.kind': 'result' }).length === 1,
    'it was written',
  );
}

test('a command leaves all five stages, each told by the end that sees it', async (t) => {
  const ends = await pair(t);
  await command(ends);
  const stages = (told: Telemetry, id: string): string[] =>
    told
      .all()
      .filter(({ attributes }) => attributes['frame.id'] === id)
      .map(
        ({ name, attributes }) =>
          `${name} ${String(attributes['frame.kind'])} ${String(attributes['frame.outcome'])}`,
      )
      .sort();
  const { agent, server } = ends;
  assert.deepEqual(stages(server.told, 'c1'), [
    'frame.ack command ok',
    'frame.enqueue command ok',
    'frame.socket_write command ok',
  ]);
  assert.deepEqual(stages(agent.told, 'c1'), [
    'frame.ack command ok',
    'frame.execute command ok',
    'frame.receive command ok',
  ]);
  assert.deepEqual(stages(agent.told, 'a-c1'), ['frame.enqueue ack ok', 'frame.socket_write ack ok']);
  assert.deepEqual(stages(server.told, 'a-c1'), ['frame.receive ack ok']);
  const [receive] = agent.told.attributes('frame.receive');
  assert.equal(receive?.['frame.size'], frame('c1', 'command').length);
  assert.equal(receive['frame.type'], 'stream');
  assert.equal(receive['frame.direction'], 'to_agent');
  assertOfContract([...agent.told.all(), ...server.told.all()]);
  const [execute] = agent.told.spans('frame.execute');
  assert.ok(durationOf(execute!) > 0);
});

test('the last state of a connection holds its final counts; what is not known of a handler is not told', async (t) => {
  const ends = await pair(t, { server: { beliefs: () => ({ handlerAlive: true }) } });
  await command(ends);
  const { agent, server } = ends;
  const closed = [once(agent.socket, 'close'), once(server.socket, 'close')];
  server.channel.report();
  assert.equal(server.told.attributes('channel.state').at(-1)?.['channel.handler.alive'], true);
  server.socket.end();
  await Promise.all(closed);
  const last = [server, agent].map(({ told }) => told.attributes('channel.state').at(-1));
  const counts: [AttributeName, AttributeName, number][] = [
    ['channel.tx.frames', 'channel.rx.frames', 1],
    ['channel.tx.commands', 'channel.rx.commands', 1],
    ['channel.rx.acks', 'channel.tx.acks', 1],
    ['channel.rx.frames', 'channel.tx.frames', 2],
  ];
  for (const [atServer, atAgent, count] of counts) {
    assert.equal(last[0]?.[atServer], count, atServer);
    assert.equal(last[1]?.[atAgent], count, atAgent);
  }
  assert.equal(last[0]?.['channel.rx.bytes'], ends.agent.socket.bytesWritten);
  assert.equal(last[0]['channel.tx.bytes'], last[1]?.['channel.rx.bytes']);
  assert.equal(last[1]?.['channel.executed'], 1);
  assert.equal(last[1]['channel.handler.alive'], undefined);
  assert.equal(last[1]['channel.connected'], false);
  for (const [{ told }, initiator] of [
    [agent, 'peer'],
    [server, 'self'],
  ] as const) {
    const [close] = told.attributes('channel.close');
    assert.equal(close?.['channel.close.initiator'], initiator);
    const [connect] = told.attributes('channel.connect');
    assert.equal(connect?.['channel.connect.outcome'], 'ok');
    assert.equal(connect['channel.connect.phase'], 'tcp');
    assert.equal(connect['server.address'], '127.0.0.1');
    assert.equal(connect['channel.gateway'], IDENTITY.gateway);
  }
});

test('any frames, however they are cut where they are written and where they arrive, are told of at both ends', async () => {
  const sizes = fc.array(fc.nat({ max: 80 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      sizes,
      fc.array(fc.nat({ max: 30 }), { maxLength: 20 }),
      async (writes, arrivals, padding) => {
        const sent = padding.map((length, n) =>
          frame(`c${n}`, n % 2 ? 'heartbeat' : 'command', { padding: '-'.repeat(length) }),
        );
        const [near, far] = duplexes(arrivals);
        const [sender, receiver] = [watch('server', near), watch('agent', far)];
        const got: Buffer[] = [];
        far.on('data', (chunk: Buffer) => got.push(chunk));
        const bytes = Buffer.concat(sent);
        for (let at = 0, n = 0; at < bytes.length; n++) {
          const size = 1 + (writes[n % writes.length] ?? 0);
          near.write(bytes.subarray(at, at + size));
          at += size;
        }
        const ended = once(far, 'end');
        near.end();
        await ended;
        assert.deepEqual(Buffer.concat(got), bytes);
        const expected = sent.map((each, n) => [`c${n}`, n % 2 ? 'heartbeat' : 'command', 'ok', each.length]);
        const told = (
          { told: spans }: { told: Telemetry },
          name: 'frame.enqueue' | 'frame.socket_write' | 'frame.receive',
        ): unknown[] =>
          spans
            .attributes(name)
            .map((span) => [span['frame.id'], span['frame.kind'], span['frame.outcome'], span['frame.size']]);
        assert.deepEqual(told(sender, 'frame.enqueue'), expected);
        assert.deepEqual(told(sender, 'frame.socket_write'), expected);
        assert.deepEqual(told(receiver, 'frame.receive'), expected);
        near.destroy();
        far.destroy();
        await once(far, 'close');
        for (const [{ told: spans }, way] of [
          [sender, 'tx'],
          [receiver, 'rx'],
        ] as const) {
          const state = spans.attributes('channel.state').at(-1);
          assert.equal(state?.[`channel.${way}.frames`], sent.length);
          assert.equal(state[`channel.${way}.bytes`], bytes.length);
          assert.equal(state['channel.rx.decode_errors'], 0);
          assert.equal(state['channel.queue.depth'], 0);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a frame is received when it is read, not when it has arrived; what is put back is not received twice', async (t) => {
  const { agent, server } = await pair(t);
  const received = (): unknown[] => agent.told.attributes('frame.receive').map((span) => span['frame.id']);
  server.socket.write(Buffer.concat([frame('c1', 'command'), frame('c2', 'command')]));
  agent.socket.on('readable', () => undefined);
  await until(() => agent.socket.readableLength === 2 * frame('c1', 'command').length, 'both have arrived');
  assert.deepEqual(received(), []);
  const first = agent.socket.read(frame('c1', 'command').length + 3) as Buffer;
  assert.deepEqual(received(), ['c1']);
  agent.socket.unshift(first.subarray(-3));
  assert.equal((agent.socket.read() as Buffer).length, frame('c2', 'command').length);
  assert.deepEqual(received(), ['c1', 'c2']);
});

test('decoded text and lines work as bytes do', async (t) => {
  const lines = { codec: ndjson, describeFrame: describeJson({ kinds: { beat: 'heartbeat' } }) };
  const { agent, server } = await pair(t, { agent: lines, server: lines });
  agent.socket.setEncoding('utf8').on('data', () => undefined);
  const line = Buffer.from('{"id":"ü","type":"beat"}\n');
  server.socket.write(line.subarray(0, 8));
  server.socket.setDefaultEncoding('latin1');
  server.socket.write(line.subarray(8).toString('latin1'));
  server.socket.write(line.toString('hex'), 'hex');
  await until(
    () => agent.told.spans('frame.receive', { 'frame.id': 'ü', 'frame.kind': 'heartbeat' }).length === 2,
    'two beats',
  );
});

test('of many frames in one chunk each can be executed', async () => {
  const [near, far] = duplexes();
  const { channel, told } = watch('agent', far);
  far.on('data', () => {
    for (let n = 0; n < 1_000; n++) channel.execute(`c${n}`, () => n);
  });
  near.write(
    Buffer.concat(Array.from({ length: 1_000 }, (_, n) => framed(`{"id":"c${n}","type":"command"}`))),
  );
  await until(() => told.spans('frame.receive').length === 1_000, 'all are received');
  assert.equal(told.spans('frame.execute').length, 1_000);
  far.destroy();
  await once(far, 'close');
  assert.equal(told.attributes('channel.state').at(-1)?.['channel.executed'], 1_000);
});
