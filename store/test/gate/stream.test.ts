import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openPeopleSql, PeopleSqlError, type EmbeddedStore, type PeopleStream } from '../../src/index.js';
import { temporaryStore } from '../temporary-store.js';
import { GRAFANA, insertSomething, PEOPLE } from './legitimate-statements.js';

async function whole(stream: PeopleStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function running(store: EmbeddedStore): Promise<number> {
  const [row] = await store.query<{ n: number }>(
    `SELECT count() AS n FROM system.processes WHERE match(query, '^/. people:.*system.numbers')`,
  );
  return row?.n ?? -1;
}

test('whatever may run answers the same in a stream as whole', async (t) => {
  const store = await temporaryStore(t);
  await insertSomething(store);
  const people = await openPeopleSql(store);
  for (const sql of [...GRAFANA, ...PEOPLE]) {
    const settings = { output_format_write_statistics: '0' };
    const streamed = await whole(await people.stream(sql, { settings }));
    const answer = await people.query(sql, { settings });
    if (!/now|rand|UUID|uptime|ELAPSED|EXPLAIN|processes/i.test(sql)) {
      assert.equal(streamed.toString('latin1'), Buffer.from(answer.bytes).toString('latin1'), sql);
    }
  }
  await people.close();
});

const FORMATS =
  `Arrow ArrowStream BSONEachRow CSV CSVWithNames JSON JSONColumns JSONCompact JSONCompactEachRow JSONEachRow
  JSONObjectEachRow Markdown MsgPack Native Parquet Pretty PrettyCompact RowBinary RowBinaryWithNamesAndTypes
  TabSeparated TSVWithNamesAndTypes Values Vertical XML`.split(/\s+/);

test('each format is one whole document', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  const sql = `SELECT number, toString(number) AS s, [number, 1] AS a, map('k', s) AS m FROM numbers(30000) WHERE number % 10 = 0`;
  const settings = { output_format_write_statistics: '0' };
  for (const format of FORMATS) {
    const streamed = await whole(await people.stream(sql, { format, settings }));
    const { bytes } = await people.query(sql, { format, settings });
    // Parquet and Arrow hold how the engine's threads came along.
    if (/Arrow|Parquet/.test(format)) assert.ok(streamed.length > 10_000, format);
    else assert.ok(streamed.equals(bytes), format);
  }
  const stream = await people.stream(sql, { format: 'JSON' });
  const document = JSON.parse((await whole(stream)).toString()) as { rows: number };
  assert.equal(document.rows, 3000);
  assert.equal((await stream.summary).resultRows, 3000);
  await people.close();
});

test('what fails before its first byte fails without one, and what fails behind some, behind those', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  await assert.rejects(people.stream('DROP TABLE frames'), { code: 'statement-refused' });
  const early = await people.stream('SELECT no_such_column FROM frames');
  await assert.rejects(whole(early), (error: PeopleSqlError) => {
    assert.equal(error.code, 'query-failed');
    assert.deepEqual(error.engine, { number: 47, name: 'UNKNOWN_IDENTIFIER' });
    return true;
  });
  const late = await people.stream('SELECT throwIf(number = 500000) FROM numbers(1000000)');
  let bytes = 0;
  await assert.rejects(
    async () => {
      for await (const chunk of late.bytes) bytes += chunk.length;
    },
    { code: 'query-failed', message: /^Code: 395/ },
  );
  assert.ok(bytes > 100_000);
  await assert.rejects(late.summary, /^PeopleSqlError: Code: 395/);
  await people.close();
});

const LONG = 'SELECT number FROM system.numbers';

test('the engine waits for a reader who waits, and ends when he stops', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { concurrentMax: 1 });
  const stream = await people.stream(LONG);
  const reader = stream.bytes[Symbol.asyncIterator]();
  await reader.next();
  assert.equal(await running(store), 1);
  await reader.return?.();
  // The next one has its turn when the engine has let go.
  const next = await people.stream('SELECT 1');
  assert.equal(await running(store), 0);
  assert.equal((await whole(next)).toString(), '1\n');
  await people.close();
});

test('an abort and the end of the time are told to who reads, and free the turn', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { concurrentMax: 1 });
  const stop = new AbortController();
  const aborted = await people.stream(LONG, { signal: stop.signal });
  const read = whole(aborted);
  stop.abort();
  await assert.rejects(read, { code: 'cancelled' });
  const timedOut = await people.stream(LONG, { settings: { max_execution_time: '0.2' } });
  await assert.rejects(whole(timedOut), { code: 'limit-exceeded' });
  // Nobody reads this one at all.
  await people.stream(LONG, { executionSeconds: 0.1 });
  assert.equal((await whole(await people.stream('SELECT 1'))).toString(), '1\n');
  const last = await people.stream(LONG);
  await Promise.all([assert.rejects(whole(last), { code: 'closed' }), people.close()]);
  assert.equal(await running(store), 0);
});

test('an abort at whatever moment frees the turn', async (t) => {
  const store = await temporaryStore(t);
  for (let wait_ms = 0; wait_ms < 24; wait_ms++) {
    const people = await openPeopleSql(store, { concurrentMax: 1 }); // makes its first pipe anew
    const stop = new AbortController();
    const stopped = assert.rejects(
      people.stream(LONG, { signal: stop.signal }).then((stream) => whole(stream)),
      { code: 'cancelled' },
    );
    await delay(wait_ms);
    stop.abort();
    await stopped;
    assert.equal((await whole(await people.stream('SELECT 1'))).toString(), '1\n');
    await people.close();
  }
});

test('results that run side by side, and in turns, do not mix', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { concurrentMax: 4 });
  const read = async (index: number): Promise<void> => {
    const stop = new AbortController();
    const stream = await people.stream(`SELECT ${index} FROM numbers(100000)`, { signal: stop.signal });
    if (index % 3 === 0) stop.abort();
    const text = await whole(stream).then(String, (error: unknown) => {
      assert.equal(error instanceof PeopleSqlError && error.code, 'cancelled');
      return undefined;
    });
    if (text !== undefined) assert.equal(text, `${index}\n`.repeat(100_000));
  };
  await Promise.all(Array.from({ length: 40 }, (_, index) => read(index)));
  await people.close();
});

test('more than an answer may have when it is whole', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  const sql = 'SELECT number FROM numbers(3000000)';
  await assert.rejects(people.query(sql), { code: 'limit-exceeded' });
  const stream = await people.stream(sql, { format: 'RowBinary' });
  assert.equal((await whole(stream)).length, 24_000_000);
  const few = await openPeopleSql(store, { streamedRowsMax: 1000 });
  await assert.rejects(whole(await few.stream(sql)), { code: 'limit-exceeded' });
  await Promise.all([people.close(), few.close()]);
});
