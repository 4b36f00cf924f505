import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { createWebSocketStream, WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import { describeJson, instrumentWebSocketClient, instrumentWebSocketServer } from '../../../src/index.js';
import { Telemetry } from '../../telemetry.js';
import { until } from '../../until.js';
import { IDENTITY } from './pair.js';

const TEXTS = ['c1', 'c2', 'c3'].map(
  (id) => `{"id":"${id}","type":"command","padding":"${'x'.repeat(2_000)}"}`,
);

/** Each way to send; what arrives in the end are the same three messages. */
const SENDING: Readonly<
  Record<string, (socket: WebSocket, note: (line: string) => unknown) => Promise<void> | void>
> = {
  text: (socket) => {
    for (const text of TEXTS) socket.send(text);
  },
  'with callbacks': (socket, note) => {
    for (const text of TEXTS) socket.send(text, (error) => note(`written ${String(error)}`));
  },
  'with options and callbacks': (socket, note) => {
    for (const text of TEXTS)
      socket.send(text, { compress: true, binary: false }, (error) => note(`written ${String(error)}`));
  },
  'one after the other': async (socket, note) => {
    for (const text of TEXTS)
      await new Promise((resolve) => {
        socket.send(text, () => {
          resolve(note('written'));
        });
      });
  },
  Buffers: (socket) => {
    for (const text of TEXTS) socket.send(Buffer.from(text), { binary: false });
  },
  ArrayBuffers: (socket) => {
    for (const text of TEXTS) socket.send(Uint8Array.from(Buffer.from(text)).buffer);
  },
  'typed arrays': (socket) => {
    for (const text of TEXTS) socket.send(new Uint8Array(Buffer.from(text)));
  },
  Blobs: (socket) => {
    for (const text of TEXTS) socket.send(new Blob([text]));
  },
  fragments: (socket) => {
    for (const text of TEXTS) {
      socket.send(text.slice(0, 5), { fin: false });
      socket.send(text.slice(5, 9), { fin: false });
      socket.send(text.slice(9), { fin: true });
    }
  },
  'a stream': async (socket, note) => {
    const stream = createWebSocketStream(socket, { encoding: 'utf8' });
    for (const text of TEXTS) if (!stream.write(text, () => note('written'))) await once(stream, 'drain');
  },
};

async function textOf(data: unknown): Promise<string> {
  if (data instanceof Blob) return data.text();
  if (Array.isArray(data)) return Buffer.concat(data as Buffer[]).toString();
  return typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString();
}

type Note = (kind: string, data: unknown) => unknown;

/** Each way to receive; `note` gets what the application gets. */
const RECEIVING: Readonly<Record<string, (socket: WebSocket, note: Note) => void>> = {
  "on('message')": (socket, note) => {
    socket.on('message', (data, isBinary) => {
      note(`on ${isBinary}`, data);
    });
  },
  'once, again and again': (socket, note) => {
    const again = (data: unknown, isBinary: boolean): void => {
      note(`once ${isBinary}`, data);
      socket.once('message', again);
    };
    socket.once('message', again);
  },
  addEventListener: (socket, note) => {
    socket.addEventListener('message', ({ data, type, target }) => {
      note(`${type} ${target === socket}`, data);
    });
  },
  onmessage: (socket, note) => {
    socket.onmessage = ({ data, type, target }) => {
      note(`${type} ${target === socket}`, data);
    };
  },
  'an object that handles events': (socket, note) => {
    const handler = { handleEvent: ({ data }: { data: unknown }) => note('handled', data) };
    socket.addEventListener('message', handler);
  },
  'as ArrayBuffers': (socket, note) => {
    socket.binaryType = 'arraybuffer';
    socket.on('message', (data) => note(data.constructor.name, data));
  },
  'as fragments': (socket, note) => {
    socket.binaryType = 'fragments';
    socket.on('message', (data) => note(String(Array.isArray(data)), data));
  },
  'as Blobs': (socket, note) => {
    (socket as { binaryType: string }).binaryType = 'blob';
    socket.on('message', (data) => note(data.constructor.name, data));
  },
  'a stream': (socket, note) => {
    const stream: Duplex = createWebSocketStream(socket, { readableObjectMode: true });
    stream.on('data', (data: unknown) => note('data', data));
  },
};

interface Heard {
  readonly sender: string[];
  readonly receiver: string[];
}

async function talk(
  t: TestContext,
  sending: (typeof SENDING)[string],
  receiving: (typeof RECEIVING)[string],
  watched: { agent: Telemetry; server: Telemetry } | undefined,
): Promise<Heard> {
  const options: ServerOptions = { host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 100 } };
  const server = new WebSocketServer(options);
  const described = { describeFrame: describeJson() };
  if (watched !== undefined) {
    const told = instrumentWebSocketServer(server, {
      ...described,
      identify: () => IDENTITY,
      tracer: watched.server.tracer,
    });
    t.after(() => {
      told.close();
    });
  }
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  if (watched !== undefined)
    instrumentWebSocketClient(socket, { ...described, channel: IDENTITY, tracer: watched.agent.tracer });
  const got: Promise<string>[] = [];
  receiving(socket, (kind, data) => got.push(textOf(data).then((text) => `${kind} ${text}`)));
  const heard: Heard = { sender: [], receiver: [] };
  const [peer] = await accepted;
  await sending(peer, (line) => heard.sender.push(line));
  await until(() => got.length === TEXTS.length, 'all messages');
  const closed = [once(socket, 'close'), once(peer, 'close')];
  peer.close(4001, 'done');
  const [[code, reason]] = (await Promise.all(closed)) as [[number, Buffer], unknown];
  heard.receiver.push(...(await Promise.all(got)), `close ${code} ${String(reason)}`);
  server.close();
  await once(server, 'close');
  return heard;
}

for (const [how, sending] of Object.entries(SENDING)) {
  test(`however messages are sent and received, both applications see what they see without the shim: ${how}`, async (t) => {
    for (const [taken, receiving] of Object.entries(RECEIVING)) {
      const without = await talk(t, sending, receiving, undefined);
      const watched = { agent: new Telemetry(), server: new Telemetry() };
      assert.deepEqual(await talk(t, sending, receiving, watched), without, taken);
      assert.equal(without.receiver.length, TEXTS.length + 1);
      const last = watched.agent.attributes('channel.state').at(-1);
      assert.equal(last?.['channel.rx.frames'], TEXTS.length, taken);
      assert.equal(
        watched.server.attributes('channel.state').at(-1)?.['channel.tx.frames'],
        TEXTS.length,
        taken,
      );
      assert.equal(last['channel.executed'], TEXTS.length, taken);
      assert.equal(last['channel.rx.decode_errors'], 0, taken);
    }
  });
}
