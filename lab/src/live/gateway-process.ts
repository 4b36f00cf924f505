// The server of the live fleet: agents dial in, are sent commands, and are given up when their heartbeats stay away.
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { instrumentWebSocketServer, type ChannelIdentity } from '@halfopen/agent-shim';
import { WebSocketServer, type WebSocket } from 'ws';
import { Outbox } from './outbox.js';
import { endWithFleet, onOrder, report, settings as given, startTelemetry } from './process.js';
import { describeFrame, readFrame, TIMING, type GatewaySettings } from './protocol.js';

interface Session {
  readonly socket: WebSocket;
  readonly outbox: Outbox;
}

const settings = given() as GatewaySettings;
const sdk = startTelemetry('demo-gateway', `gateway-${process.pid}`, settings);
const agents = new Map(settings.agents.map((agent) => [agent.id, agent]));
const sessions = new Map<string, Session>();
const lastSeen_ms = new Map<string, number>();
const stalled = new Set<string>();
let acknowledged = 0;
let commands = 0;

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
const instrumented = instrumentWebSocketServer(server, {
  identify: agentOf,
  describeFrame,
  stateIntervalMs: TIMING.state,
  pendingAfterMs: TIMING.pendingAfter,
  inventoryIntervalMs: TIMING.inventory,
  expected: () => agents.values(),
  beliefs: ({ id }) => ({
    heartbeatIntervalMs: TIMING.heartbeat,
    heartbeatTimeoutMs: TIMING.heartbeatTimeout,
    lastSeenAgeMs: Date.now() - (lastSeen_ms.get(id) ?? Date.now()),
  }),
});

server.on('listening', () => {
  report({ kind: 'listening', port: (server.address() as AddressInfo).port });
});
server.on('connection', (socket, request) => {
  const agent = agentOf(request);
  if (agent === undefined) socket.close(1008, 'unknown agent');
  else serve(agent.id, socket);
});

/** `/agents/ID`, of an agent in the inventory. */
function agentOf(request: IncomingMessage): ChannelIdentity | undefined {
  return agents.get(/^\/agents\/([^/?]+)$/.exec(request.url ?? '')?.[1] ?? '');
}

function serve(id: string, socket: WebSocket): void {
  const outbox = new Outbox(socket, instrumented.channel(socket));
  outbox.stall(stalled.has(id));
  sessions.get(id)?.socket.close(1012, 'superseded');
  sessions.set(id, { socket, outbox });
  lastSeen_ms.set(id, Date.now());
  outbox.send({ id: `config-${id}-${Date.now()}`, kind: 'config', body: 'x'.repeat(900) });
  socket.on('message', (data) => {
    const frame = readFrame(data);
    if (frame.kind === 'heartbeat') lastSeen_ms.set(id, Date.now());
    if (frame.kind === 'ack') acknowledged += 1;
  });
  socket.on('error', () => undefined); // 'close' follows
  socket.on('close', () => {
    if (sessions.get(id)?.socket === socket) sessions.delete(id);
  });
}

setInterval(() => {
  for (const [id, { outbox }] of sessions)
    outbox.send({ id: `command-${id}-${++commands}`, kind: 'command', body: 'uptime' });
  report({ kind: 'acknowledged', count: acknowledged });
}, TIMING.command);

setInterval(() => {
  for (const { socket } of sessions.values()) socket.ping(String(Date.now()));
}, TIMING.ping);

setInterval(() => {
  for (const [id, { socket }] of sessions)
    if (Date.now() - (lastSeen_ms.get(id) ?? 0) > TIMING.heartbeatTimeout) socket.close(4000, 'no heartbeat');
}, TIMING.heartbeat);

onOrder((order) => {
  if (order.fault !== 'writer-stalled') return;
  if (order.broken) stalled.add(order.channel);
  else stalled.delete(order.channel);
  sessions.get(order.channel)?.outbox.stall(order.broken);
});

endWithFleet(() => {
  for (const { socket } of sessions.values()) socket.close(1001, 'going away');
  server.close();
}, sdk);
