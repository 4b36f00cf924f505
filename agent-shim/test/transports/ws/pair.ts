import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import {
  instrumentWebSocketClient,
  instrumentWebSocketServer,
  type Channel,
  type ClientOptions,
  type DescribeFrame,
  type InstrumentedServer,
  type ServerOptions,
} from '../../../src/index.js';
import { Telemetry } from '../../telemetry.js';

export const IDENTITY = {
  id: 'agent-7',
  agentId: 'agent-7',
  agentVersion: '1.2.3',
  site: 'lyon',
  gateway: 'gw-1',
};

/** Frames are JSON: `{id, kind, replyTo}` and whatever else. */
export const describeFrame: DescribeFrame = (data) => {
  const { id, kind, replyTo } = JSON.parse(String(data)) as { id: string; kind: string; replyTo?: string };
  return replyTo === undefined ? { id, kind } : { id, kind, replyTo };
};

export function frame(id: string, kind: string, replyTo?: string): string {
  return JSON.stringify({ id, kind, replyTo });
}

export interface Pair {
  readonly agent: { readonly socket: WebSocket; readonly channel: Channel; readonly told: Telemetry };
  readonly server: {
    readonly socket: WebSocket;
    readonly channel: Channel;
    readonly told: Telemetry;
    readonly instrumented: InstrumentedServer;
  };
}

/** A server on a free port that ends with the test. */
export async function listen(
  t: TestContext,
  instrument: (server: WebSocketServer) => void,
): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  instrument(server);
  await once(server, 'listening');
  t.after(async () => {
    for (const client of server.clients) client.terminate();
    server.close();
    await once(server, 'close');
  });
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Both ends of a channel, each with telemetry of its own, connected over loopback. */
export async function pair(
  t: TestContext,
  options: { agent?: Partial<ClientOptions>; server?: Partial<ServerOptions> } = {},
): Promise<Pair> {
  const [agentTold, serverTold] = [new Telemetry(), new Telemetry()];
  let instrumented: InstrumentedServer | undefined;
  const { server, url } = await listen(t, (listening) => {
    instrumented = instrumentWebSocketServer(listening, {
      identify: () => IDENTITY,
      describeFrame,
      tracer: serverTold.tracer,
      ...options.server,
    });
  });
  t.after(() => instrumented?.close());
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const socket = new WebSocket(url);
  const channel = instrumentWebSocketClient(socket, {
    channel: IDENTITY,
    describeFrame,
    tracer: agentTold.tracer,
    ...options.agent,
  });
  await once(socket, 'open');
  const [serverSocket] = await accepted;
  const serverChannel = instrumented?.channel(serverSocket);
  if (instrumented === undefined || serverChannel === undefined) throw new Error('the server is not watched');
  return {
    agent: { socket, channel, told: agentTold },
    server: { socket: serverSocket, channel: serverChannel, told: serverTold, instrumented },
  };
}
