import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import type { ChannelRow, FleetAnswer } from '../../src/contract.js';
import { Viewers, VIEWERS_MAX } from '../../src/server/viewers.js';

const row = (id: string, queue: number): ChannelRow => ({
  id,
  state: 'up',
  why: '',
  to_agent: 'works',
  to_server: 'works',
  last_to_agent_ms: null,
  last_to_server_ms: null,
  queue,
  queue_oldest_ms: null,
  heartbeat_ms: null,
  heard_ms: null,
  silent_end: '',
  site: '',
  gateway: '',
  version: '',
  transport: '',
  incidents: [],
});

interface Told {
  readonly event: string;
  readonly id: string;
  readonly data: { changed?: ChannelRow[]; removed?: string[]; channels?: ChannelRow[] };
}

/** Viewers behind a real server, over a fleet that the test changes. */
async function scene(t: TestContext) {
  const fleet: { channels: ChannelRow[] } = { channels: [row('a', 0), row('b', 0)] };
  const failures: unknown[] = [];
  const viewers = new Viewers({
    fleet: (): Promise<FleetAnswer> => {
      if (fleet.channels.length === 0) return Promise.reject(new Error('no store'));
      return Promise.resolve({ at_ms: 1, live: true, channels: [...fleet.channels], truncated: false });
    },
    firing: () => Promise.resolve([]),
    failed: (error) => failures.push(error),
  });
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const last = request.headers['last-event-id'];
    if (!viewers.add(response, typeof last === 'string' ? last : undefined))
      response.end('event: full\ndata: {}\n\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.after(() => {
    viewers.close();
    server.closeAllConnections();
    server.close();
  });
  const open = async (lastEventId?: string) => {
    const request = get({
      port,
      host: '127.0.0.1',
      agent: false,
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { events: eventsOf(response), response, close: () => request.destroy() };
  };
  return { fleet, failures, viewers, open };
}

async function* eventsOf(response: IncomingMessage): AsyncGenerator<Told> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk as string;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const of = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      if (of('event') !== '')
        yield { event: of('event'), id: of('id'), data: JSON.parse(of('data')) as Told['data'] };
    }
  }
}

async function next(events: AsyncGenerator<Told>): Promise<Told> {
  const told = await events.next();
  assert.equal(told.done, false);
  return told.value;
}

test('a viewer gets the whole, then what changed; one who comes back gets what he missed', async (t) => {
  const { fleet, open } = await scene(t);
  const first = await open();
  const snapshot = await next(first.events);
  assert.equal(snapshot.event, 'snapshot');
  assert.deepEqual(
    snapshot.data.channels?.map(({ id }) => id),
    ['a', 'b'],
  );
  fleet.channels = [row('a', 7), row('c', 0)];
  const delta = await next(first.events);
  assert.equal(delta.event, 'delta');
  assert.deepEqual(
    delta.data.changed?.map(({ id, queue }) => [id, queue]),
    [
      ['a', 7],
      ['c', 0],
    ],
  );
  assert.deepEqual(delta.data.removed, ['b']);
  const back = await open(snapshot.id);
  assert.deepEqual(await next(back.events), delta);
  const stranger = await open('another-run-1');
  assert.equal((await next(stranger.events)).event, 'snapshot');
});

test('a fleet that cannot be read is told, and read again', async (t) => {
  const { fleet, failures, open } = await scene(t);
  fleet.channels = [];
  const { events } = await open();
  assert.equal((await next(events)).event, 'trouble');
  assert.equal(failures.length, 1);
  fleet.channels = [row('a', 0)];
  assert.equal((await next(events)).event, 'snapshot');
});

test('there is room for so many viewers, and who leaves makes room', async (t) => {
  const { open, viewers } = await scene(t);
  const all = [];
  for (let index = 0; index < VIEWERS_MAX; index++) all.push(await open());
  assert.equal(viewers.count, VIEWERS_MAX);
  assert.equal((await next((await open()).events)).event, 'full');
  all[0]?.close();
  const isFull = (): boolean => viewers.count === VIEWERS_MAX;
  while (isFull()) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await next((await open()).events)).event, 'snapshot');
});

test('a viewer that does not read is let go, and the others go on', async (t) => {
  const { fleet, open, viewers } = await scene(t);
  const stuck = await open();
  stuck.response.pause();
  const reading = await open();
  assert.equal((await next(reading.events)).event, 'snapshot');
  // Far more than sockets and the bound take together, each time.
  let turn = 0;
  while (viewers.count === 2) {
    turn++;
    fleet.channels = [row('x'.repeat(12_000_000), turn)];
    assert.equal((await next(reading.events)).event, 'delta');
  }
  assert.equal(viewers.count, 1);
});
