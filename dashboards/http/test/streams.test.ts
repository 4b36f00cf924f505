import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import test from 'node:test';
import { constants, gunzipSync } from 'node:zlib';
import type { EmbeddedStore } from '@halfopen/store';
import { ask, begin, codeOf, queryUrl, served, type Served } from './served.js';

const ENDLESS = 'SELECT number FROM system.numbers';
const FAILS_LATE = 'SELECT throwIf(number = 3000000) AS a FROM numbers(10000000)';

/** What is compressed breaks off as well. */
const NO_END = { finishFlush: constants.Z_SYNC_FLUSH };

async function running(store: EmbeddedStore): Promise<number> {
  const [row] = await store.query<{ n: number }>(
    `SELECT count() AS n FROM system.processes WHERE match(query, '^/. people:.*system.numbers')`,
  );
  return row?.n ?? NaN;
}

/** Fails by the runner's own limit. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}

test('a long result comes whole, in any format', async (t) => {
  const { url } = await served(t);
  const binary = await ask(url, { body: 'SELECT number FROM numbers(5000000) FORMAT RowBinary' });
  assert.equal(binary.bytes.length, 40_000_000);
  assert.equal(binary.headers['transfer-encoding'], 'chunked');
  const headers = { 'Accept-Encoding': 'gzip' };
  const zipped = await ask(url, { body: 'SELECT number AS n FROM numbers(200000) FORMAT JSON', headers });
  const { data } = JSON.parse(gunzipSync(zipped.bytes).toString()) as { data: { n: number }[] };
  assert.deepEqual([data.length, data.at(-1)], [200_000, { n: 199_999 }]);
});

test('what fails in its midst is no whole answer, and says why', async (t) => {
  const { url, port, logged } = await served(t);
  for (const headers of [{}, { 'Accept-Encoding': 'gzip' }]) {
    for (const format of ['JSONEachRow', 'Native', 'JSON']) {
      const response = await begin(url, { body: `${FAILS_LATE} FORMAT ${format}`, headers });
      assert.equal(response.statusCode, 200);
      const chunks: Buffer[] = [];
      const broken = (async () => {
        for await (const chunk of response) chunks.push(chunk as Buffer);
      })();
      await assert.rejects(broken, { code: 'ECONNRESET' });
      const sent = Buffer.concat(chunks);
      const body = response.headers['content-encoding'] === 'gzip' ? gunzipSync(sent, NO_END) : sent;
      const tag = String(response.headers['x-clickhouse-exception-tag']);
      assert.match(tag, /^[a-z]{16}$/);
      const block = new RegExp(
        `\\r\\n__exception__\\r\\n${tag}\\r\\n(Code: 395\\..*\\n)(\\d+) ${tag}\\r\\n__exception__\\r\\n$`,
        's',
      );
      const [, message = '', length] = block.exec(body.subarray(-2000).toString()) ?? [];
      assert.equal(Buffer.byteLength(message), Number(length));
    }
  }
  // The body of HTTP/1.0 ends with its connection: that must not look like an end.
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `POST / HTTP/1.0\r\nHost: localhost\r\nContent-Length: ${FAILS_LATE.length}\r\n\r\n${FAILS_LATE}`,
  );
  socket.resume();
  await assert.rejects(once(socket, 'end'), { code: 'ECONNRESET' });
  assert.deepEqual(logged, []);
});

test('with wait_end_of_query an error of a middling result is a status', async (t) => {
  const { url } = await served(t);
  const body = 'SELECT throwIf(number = 500000) FROM numbers(1000000)';
  const waited = await ask(queryUrl(url, { wait_end_of_query: '1' }), { body });
  assert.deepEqual([waited.status, codeOf(waited)], [500, 395]);
  await assert.rejects(ask(url, { body }), { code: 'ECONNRESET' });
});

async function leaves({ url, store }: Served, query: string, afterFirst: boolean): Promise<void> {
  const response = begin(url, { body: query });
  if (afterFirst) await once(await response, 'data');
  await until(async () => (await running(store)) === 1);
  if (afterFirst) (await response).destroy();
  await until(async () => (await running(store)) === 0);
  // The only turn is free again.
  assert.equal((await ask(url, { body: 'SELECT 1' })).text, '1\n');
}

test('a query ends in the engine when its client goes, and its turn is free', async (t) => {
  const server = await served(t, { limits: { concurrentMax: 1, executionSecondsMax: 600 } });
  await leaves(server, ENDLESS, true);
  // One that has sent nothing yet.
  const socket = connect(server.port, '127.0.0.1');
  const count = 'SELECT count() FROM system.numbers WHERE NOT ignore(number)';
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${count.length}\r\n\r\n${count}`);
  await until(async () => (await running(server.store)) === 1);
  socket.destroy();
  await until(async () => (await running(server.store)) === 0);
  assert.equal((await ask(server.url, { body: 'SELECT 1' })).text, '1\n');
});

test('a client that does not read holds the engine up, and nothing piles up here', async (t) => {
  const { url, store } = await served(t, { limits: { executionSecondsMax: 2 } });
  const response = await begin(url, { body: `SELECT repeat('x', 1000) FROM system.numbers FORMAT RawBLOB` });
  const before = process.memoryUsage().rss;
  await until(async () => (await running(store)) === 0); // its time is over
  assert.ok(process.memoryUsage().rss - before < 100_000_000);
  response.destroy();
});

test('past what runs and waits, clients are told to come again', async (t) => {
  const { url } = await served(t, { limits: { concurrentMax: 1, waitingMax: 4 } });
  const busy = await begin(url, { body: ENDLESS });
  const waiting = Array.from({ length: 4 }, () => ask(url, { body: 'SELECT 1' }));
  const others = await Promise.all(
    Array.from({ length: 8 }, () => ask(url, { body: 'SELECT 1' })).map(async (answer) => {
      const { status } = await answer;
      if (status !== 200) busy.destroy();
      return answer;
    }),
  );
  const refused = others.filter(({ status }) => status !== 200);
  assert.ok(refused.length >= 4);
  for (const answer of refused)
    assert.deepEqual([answer.status, codeOf(answer), answer.headers['retry-after']], [429, 202, '1']);
  for (const answer of await Promise.all(waiting)) assert.ok(answer.status === 200 || answer.status === 429);
});
