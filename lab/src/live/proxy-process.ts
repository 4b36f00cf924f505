// What stands between agents and gateway: passes bytes, and loses text frames towards the agents it is told of.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { FrameFilter } from './frame-filter.js';
import { onOrder, report, settings as given } from './process.js';

const { gatewayPort } = given() as { gatewayPort: number };
const dropping = new Set<string>();
const filters = new Map<string, FrameFilter>();

const server = createServer((agent) => {
  agent.once('data', (head) => {
    const id = /^GET \/agents\/([^/? ]+) /.exec(head.toString('latin1'))?.[1] ?? '';
    pass(agent, head, id);
  });
  agent.on('error', () => undefined); // 'close' follows
});

function pass(agent: Socket, head: Buffer, id: string): void {
  const gateway = connect(gatewayPort, '127.0.0.1');
  const filter = new FrameFilter();
  filter.dropping = dropping.has(id);
  filters.set(id, filter);
  gateway.write(head);
  agent.pipe(gateway);
  gateway.on('data', (chunk: Buffer) => {
    for (const bytes of filter.push(chunk)) if (!agent.write(bytes)) gateway.pause();
  });
  agent.on('drain', () => gateway.resume());
  gateway.on('end', () => agent.end());
  gateway.on('error', () => agent.destroy());
  agent.on('close', () => {
    gateway.destroy();
    if (filters.get(id) === filter) filters.delete(id);
  });
  gateway.on('close', () => agent.destroy());
}

server.listen(0, '127.0.0.1', () => {
  report({ kind: 'listening', port: (server.address() as AddressInfo).port });
});

onOrder((order) => {
  if (order.fault !== 'frames-dropped') return;
  if (order.broken) dropping.add(order.channel);
  else dropping.delete(order.channel);
  const filter = filters.get(order.channel);
  if (filter !== undefined) filter.dropping = order.broken;
});

process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
