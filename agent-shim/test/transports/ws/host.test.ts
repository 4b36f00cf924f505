import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { diag } from '@opentelemetry/api';
import { WebSocket } from 'ws';
import { instrumentWebSocketClient, instrumentWebSocketServer } from '../../../src/index.js';
import { TROUBLES, type Host } from '../../troubles.js';
import { describeFrame, frame, IDENTITY, listen, pair } from './pair.js';
import { until } from '../../until.js';

/** What an end got, in order: messages, pings, pongs, its write callbacks, the close. */
type Transcript = string[];

/** An application's traffic of every sort, both ways, each end with or without the shim. */
async function converse(
  t: TestContext,
  host: Host | undefined,
): Promise<{ agent: Transcript; server: Transcript }> {
  const transcripts = { agent: [] as Transcript, server: [] as Transcript };
  const options = { describeFrame, ...host };
  const { server, url } = await listen(t, (listening) => {
    if (host === undefined) return;
    const instrumented = instrumentWebSocketServer(listening, { ...options, identify: () => IDENTITY });
    t.after(() => {
      instrumented.close();
    });
  });
  server.on('connection', (socket) => {
    write(socket, transcripts.server);
    traffic(socket, transcripts.server, 'server');
  });
  const socket = new WebSocket(url);
  if (host !== undefined) instrumentWebSocketClient(socket, { ...options, channel: IDENTITY });
  write(socket, transcripts.agent);
  socket.on('open', () => {
    traffic(socket, transcripts.agent, 'agent');
  });
  await until(
    () => transcripts.server.includes('message last true') && transcripts.agent.includes('message last true'),
    'all is there',
  );
  const closes = [once(socket, 'close')];
  socket.close(4000, 'enough');
  await Promise.all(closes);
  await until(() => transcripts.server.some((line) => line.startsWith('close')), 'the server sees it');
  return transcripts;
}

function write(socket: WebSocket, transcript: Transcript): void {
  const text = (data: unknown): string => (data as Buffer).toString('latin1');
  socket.on('message', (data, binary) => transcript.push(`message ${text(data)} ${binary}`));
  socket.on('ping', (data) => transcript.push(`ping ${text(data)}`));
  socket.on('pong', (data) => transcript.push(`pong ${text(data)}`));
  socket.on('close', (code, reason) => transcript.push(`close ${code} ${text(reason)}`));
}

function traffic(socket: WebSocket, transcript: Transcript, who: string): void {
  socket.send(frame(`${who}-1`, 'command'), () => transcript.push('written'));
  socket.send('no JSON');
  socket.send(Buffer.from([0, 255, 128]), { binary: true });
  socket.send(Buffer.from('text from bytes'), { binary: false });
  socket.send('in ', { fin: false });
  socket.send('fragments', { fin: true });
  socket.ping();
  socket.ping('payload', undefined, () => transcript.push('written ping'));
  socket.pong('unasked');
  for (let n = 0; n < 50; n++) socket.send(frame(`${who}-many-${n}`, 'heartbeat'));
  socket.send(Buffer.from('last'), { binary: true, compress: false }, () => transcript.push('written last'));
}

for (const [trouble, host] of Object.entries(TROUBLES)) {
  test(`the peer gets what it gets without the shim: ${trouble}`, async (t) => {
    diag.disable();
    const without = await converse(t, undefined);
    const watched = await converse(t, await host(t));
    // Messages and write callbacks each in their order; how the two mix is up to the kernel.
    for (const end of ['agent', 'server'] as const) {
      for (const sort of [/^(message|ping|close)/, /^pong/, /^written/]) {
        const of = (lines: Transcript): Transcript => lines.filter((line) => sort.test(line));
        assert.deepEqual(of(watched[end]), of(without[end]), end);
      }
    }
  });
}

test('what the application throws or rejects goes where it went before', async () => {
  const program = fileURLToPath(new URL('./failing-process.js', import.meta.url));
  for (const way of ['throw', 'reject', 'error']) {
    const outcomes: unknown[] = [];
    for (const shim of ['without', 'with']) {
      const child = spawn(process.execPath, [program, way, shim], { stdio: ['ignore', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const [code] = (await once(child, 'close')) as [number];
      outcomes.push([code, /^\w*Error: .*$/m.exec(stderr)?.[0]]);
    }
    assert.deepEqual(outcomes[1], outcomes[0], way);
    assert.match(String(outcomes[0]), /^[1-9]/, `${way} ends the process`);
  }
});

test('listeners are called in their order with their this, once where they asked for once, and those removed are not', async (t) => {
  const { agent, server } = await pair(t);
  const calls: string[] = [];
  agent.socket.once('message', () => calls.push('once'));
  const removed = (): number => calls.push('removed');
  agent.socket.on('message', removed);
  agent.socket.on('message', function (this: WebSocket) {
    calls.push(this === agent.socket ? 'this' : 'another this');
  });
  agent.socket.addEventListener('message', ({ data }) => calls.push(`event ${(data as string).length}`));
  agent.socket.off('message', removed);
  server.socket.send(frame('c1', 'command'));
  server.socket.send(frame('c2', 'command'));
  await until(() => calls.length === 5, 'all listeners');
  const size = frame('c1', 'command').length;
  assert.deepEqual(calls, ['once', 'this', `event ${size}`, 'this', `event ${size}`]);
  assert.equal(agent.socket.listenerCount('error'), 0);
});

test('a server that is watched no more tells nothing more, and its sockets work on', async (t) => {
  const { agent, server } = await pair(t);
  agent.socket.on('message', () => undefined);
  server.instrumented.close();
  const told = server.told.all().length;
  const message = once(agent.socket, 'message');
  server.socket.send(frame('c1', 'command'));
  server.socket.ping();
  await message;
  const closed = once(server.socket, 'close');
  agent.socket.close();
  await closed;
  assert.equal(server.told.all().filter(({ name }) => name.startsWith('frame.')).length, 0);
  assert.equal(server.told.all().length, told);
});
