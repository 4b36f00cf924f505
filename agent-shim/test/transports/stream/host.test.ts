import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test, { type TestContext } from 'node:test';
import { diag } from '@opentelemetry/api';
import { describeJson, instrumentStream, lengthPrefix } from '../../../src/index.js';
import { TROUBLES, type Host } from '../../troubles.js';
import { until } from '../../until.js';
import { frame, IDENTITY } from './pair.js';

/** What an end saw of its socket, as far as the kernel has no say in it: how bytes are cut and when there is room is its. */
interface Seen {
  readonly bytes: Buffer[];
  readonly events: string[];
  readonly callbacks: string[];
}

const PADDING = 'x'.repeat(300_000);

/** What each end writes, in all ways there are; the middle is no frame. */
function traffic(who: string): {
  readonly parts: Record<'first' | 'split' | 'corked' | 'text' | 'large', Buffer[]>;
  readonly garbage: Buffer;
  readonly all: Buffer;
} {
  const many = (part: string, count: number, more = {}): Buffer[] =>
    Array.from({ length: count }, (_, n) => frame(`${who}-${part}-${n}`, 'command', more));
  const parts = {
    first: many('first', 1),
    split: many('split', 1),
    corked: many('corked', 5),
    text: many('text', 1),
    large: many('large', 8, { PADDING }),
  };
  const garbage = Buffer.from('this is no frame');
  const all = Buffer.concat([...Object.values(parts).flat(), garbage]);
  return { parts, garbage, all };
}

async function speak(socket: Socket, who: string, { callbacks }: Seen): Promise<void> {
  const { parts, garbage } = traffic(who);
  const called = (what: string) => (error?: Error | null) =>
    void callbacks.push(`${what} ${error?.name ?? 'ok'}`);
  socket.write(parts.first[0]!, called('first'));
  for (const byte of parts.split[0]!) socket.write(Uint8Array.of(byte));
  socket.cork();
  for (const each of parts.corked) socket.write(each, called('corked'));
  socket.uncork();
  socket.write(parts.text[0]!.toString('latin1'), 'latin1', called('text'));
  await pipeline(Readable.from(parts.large), socket, { end: false });
  await new Promise((resolve) => socket.write(garbage, resolve));
}

function watchEvents(socket: Socket): Seen {
  const seen: Seen = { bytes: [], events: [], callbacks: [] };
  socket.on('data', (chunk) => seen.bytes.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => seen.events.push(`error ${error.code}`));
  for (const event of ['end', 'finish', 'close'])
    socket.on(event, (detail) => seen.events.push(`${event} ${detail}`));
  return seen;
}

const ENDINGS = {
  end: async (agent: Socket) => {
    agent.end();
    await once(agent, 'finish');
  },
  'gone in the midst of a frame': (agent: Socket) => agent.destroy(),
  'a reset in the midst of a frame': (agent: Socket) => agent.resetAndDestroy(),
};

/** An application's traffic, both ways at once, each end with or without the shim. */
async function converse(
  t: TestContext,
  host: Host | undefined,
  ending: keyof typeof ENDINGS,
): Promise<Record<'agent' | 'server', Seen>> {
  const listening = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.after(() => listening.close());
  const accepted = once(listening, 'connection') as Promise<[Socket]>;
  const { port } = listening.address() as AddressInfo;
  const agent = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  instrument('agent', agent, host);
  const [server] = await accepted;
  instrument('server', server, host);
  const seen = { agent: watchEvents(agent), server: watchEvents(server) };
  server.on('end', () => server.end());
  const sizes = { agent: traffic('agent').all.length, server: traffic('server').all.length };
  await Promise.all([speak(agent, 'agent', seen.agent), speak(server, 'server', seen.server)]);
  const got = (end: 'agent' | 'server'): number =>
    seen[end].bytes.reduce((sum, { length }) => sum + length, 0);
  await until(() => got('agent') === sizes.server && got('server') === sizes.agent, 'all is there');
  agent.write(frame('half', 'result').subarray(0, 9));
  await until(() => got('server') === sizes.agent + 9, 'half a frame');
  await ENDINGS[ending](agent);
  await until(() => agent.closed && server.closed, 'both are closed');
  return seen;
}

function instrument(end: 'agent' | 'server', socket: Socket, host: Host | undefined): void {
  if (host === undefined) return;
  const options = {
    end,
    transport: 'tcp',
    channel: IDENTITY,
    codec: lengthPrefix,
    describeFrame: describeJson(),
  };
  instrumentStream(socket, { ...options, ...host });
}

for (const [trouble, host] of Object.entries(TROUBLES)) {
  test(`the peer gets what it gets without the shim: ${trouble}`, async (t) => {
    diag.disable();
    for (const ending of Object.keys(ENDINGS) as (keyof typeof ENDINGS)[]) {
      const without = await converse(t, undefined, ending);
      const watched = await converse(t, await host(t), ending);
      for (const end of ['agent', 'server'] as const) {
        const sent = traffic(end === 'agent' ? 'server' : 'agent').all;
        for (const { bytes } of [without[end], watched[end]])
          assert.ok(
            Buffer.concat(bytes).subarray(0, sent.length).equals(sent),
            `${end} gets the bytes as they were sent`,
          );
        assert.deepEqual(watched[end].events, without[end].events, `${end}: ${ending}`);
        assert.deepEqual(watched[end].callbacks, without[end].callbacks, end);
        assert.equal(watched[end].callbacks.length, 7);
      }
    }
  });
}
