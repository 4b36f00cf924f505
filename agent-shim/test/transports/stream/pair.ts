import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import {
  describeJson,
  instrumentStream,
  lengthPrefix,
  type ByteStream,
  type Channel,
  type StreamOptions,
} from '../../../src/index.js';
import { Telemetry } from '../../telemetry.js';

export const IDENTITY = {
  id: 'agent-7',
  agentId: 'agent-7',
  agentVersion: '1.2.3',
  site: 'lyon',
  gateway: 'gw-1',
};

/** What a test says differently. */
export type Differing = Partial<StreamOptions>;

/** A frame of `lengthPrefix`. */
export function frame(id: string, type: string, more: object = {}): Buffer {
  return framed(JSON.stringify({ id, type, ...more }));
}

export function framed(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(payload.length);
  return Buffer.concat([header, payload]);
}

/** Watches one end: of `agent-7`, over TCP, with `lengthPrefix` and JSON, unless it is said differently. */
export function watch(
  end: 'agent' | 'server',
  stream: ByteStream,
  differing: Differing = {},
): { channel: Channel; told: Telemetry } {
  const told = new Telemetry();
  const { channel: identity = IDENTITY, identify, ...more } = differing;
  const whose =
    identify === undefined
      ? { channel: identity }
      : { identify, ...('channel' in differing ? { channel: identity } : {}) };
  const channel = instrumentStream(stream, {
    end,
    transport: 'tcp',
    codec: lengthPrefix,
    describeFrame: describeJson(),
    tracer: told.tracer,
    ...whose,
    ...more,
  });
  return { channel, told };
}

export interface End {
  readonly socket: Socket;
  readonly channel: Channel;
  readonly told: Telemetry;
}

/** Both ends of a TCP connection, each with telemetry of its own, that end with the test. */
export async function pair(
  t: TestContext,
  options: { agent?: Differing; server?: Differing; allowHalfOpen?: boolean } = {},
): Promise<{ agent: End; server: End }> {
  const server = createServer({ allowHalfOpen: options.allowHalfOpen ?? false }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const agent = { socket, ...watch('agent', socket, options.agent) };
  const [peer] = await accepted;
  const ends = { agent, server: { socket: peer, ...watch('server', peer, options.server) } };
  if (socket.connecting) await once(socket, 'connect');
  for (const { socket: each } of Object.values(ends)) each.on('error', () => undefined);
  t.after(async () => {
    for (const { socket: each } of Object.values(ends)) each.destroy();
    server.close();
    await once(server, 'close');
  });
  return ends;
}
