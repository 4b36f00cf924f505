import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import {
  describeJson,
  instrumentStreamServer,
  lengthPrefix,
  type InstrumentedStreamServer,
  type StreamServerOptions,
} from '../../../src/index.js';
import { assertOfContract, Telemetry } from '../../telemetry.js';
import { until } from '../../until.js';
import { frame, IDENTITY } from './pair.js';

async function listen(
  t: TestContext,
  options: Partial<StreamServerOptions>,
): Promise<{
  server: Server;
  told: Telemetry;
  instrumented: InstrumentedStreamServer;
  dial: () => Promise<[Socket, Socket]>;
}> {
  const told = new Telemetry();
  const server = createServer();
  const instrumented = instrumentStreamServer(server, {
    transport: 'tcp',
    codec: lengthPrefix,
    describeFrame: describeJson(),
    tracer: told.tracer,
    ...options,
  });
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    instrumented.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const dial = async (): Promise<[Socket, Socket]> => {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    return [socket, ...(await accepted)];
  };
  return { server, told, instrumented, dial };
}

test('a server tells where it listens, its inventory, and each connection that it accepts', async (t) => {
  const { server, told, instrumented, dial } = await listen(t, {
    accept: () => ({ channel: IDENTITY, connectionId: 'n1' }),
    expected: () => [IDENTITY, { id: 'agent-8' }],
  });
  const { port } = server.address() as AddressInfo;
  const [up] = told.attributes('listener.state', { 'listener.up': true });
  assert.equal(up?.['server.address'], '127.0.0.1');
  assert.equal(up['server.port'], port);
  assert.deepEqual(
    told.attributes('channel.expected').map((span) => span['channel.id']),
    ['agent-7', 'agent-8'],
  );
  instrumented.sweep();
  assert.equal(told.spans('channel.expected', { 'channel.transport': 'tcp' }).length, 4);
  const [socket, accepted] = await dial();
  accepted.resume();
  assert.equal(instrumented.channel(accepted)?.connectionId, 'n1');
  socket.end(frame('h1', 'heartbeat'));
  await until(() => told.spans('channel.close').length === 1, 'closed');
  assert.equal(told.spans('frame.receive', { 'frame.id': 'h1', 'channel.id': 'agent-7' }).length, 1);
  assert.equal(told.attributes('channel.connect')[0]?.['server.port'], port);
  assert.equal(instrumented.channel(accepted), undefined);
  server.close();
  await once(server, 'close');
  assert.equal(told.attributes('listener.state').at(-1)?.['listener.up'], false);
  assertOfContract(told.all());
});

test('a first frame may say whose connection it is; an `accept` that throws keeps nobody out', async (t) => {
  const introduced = await listen(t, {
    identify: (payload) => ({ channel: { id: (JSON.parse(String(payload)) as { id: string }).id } }),
  });
  const [socket, accepted] = await introduced.dial();
  accepted.resume();
  socket.write(frame('agent-9', 'hello'));
  await until(
    () => introduced.told.spans('frame.receive', { 'channel.id': 'agent-9' }).length === 1,
    'the hello',
  );

  const failing = await listen(t, {
    accept: () => {
      throw new Error('not mine');
    },
  });
  const [near, far] = await failing.dial();
  far.pipe(far);
  near.write('still there');
  assert.equal(String((await once(near, 'data'))[0]), 'still there');
});

test('a server that is watched no more tells nothing more, and its sockets are as they were', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { server, told, instrumented, dial } = await listen(t, { accept: () => ({ channel: IDENTITY }) });
  const [socket, accepted] = await dial();
  const listeners = server.listenerCount('connection');
  assert.deepEqual(Object.keys(accepted), Object.keys(socket), 'nothing shows on a watched socket');
  assert.ok(Object.hasOwn(accepted, 'write'));
  const before = told.spans('channel.state').length;
  accepted.resume();
  t.mock.timers.tick(1_000);
  assert.equal(told.spans('channel.state').length, before + 1, 'somebody reads it now');
  instrumented.close();
  for (const name of ['write', 'end', '_write', '_writev', 'emit', 'unshift', 'destroy'])
    assert.equal(Object.hasOwn(accepted, name), false, name);
  assert.equal(server.listenerCount('connection'), listeners - 1);
  const states = told.spans('channel.state').length;
  accepted.pause();
  t.mock.timers.tick(1_000);
  assert.equal(told.spans('channel.state').length, states, 'nobody knows how it goes on');
  const echoed = once(socket, 'data');
  accepted.pipe(accepted);
  socket.write(frame('c1', 'command'));
  await echoed;
  accepted.destroy();
  await once(accepted, 'close');
  assert.equal(accepted.remoteAddress, undefined, 'nobody has asked for it while it was there');
  assert.equal(told.all().filter(({ name }) => name.startsWith('frame.')).length, 0);
});
