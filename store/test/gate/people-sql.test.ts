import assert from 'node:assert/strict';
import test from 'node:test';
import { openPeopleSql, type EmbeddedStore } from '../../src/index.js';
import { temporaryStore } from '../temporary-store.js';

const ENDLESS = 'SELECT count() FROM system.numbers WHERE NOT ignore(number)';

async function runningQueries(store: EmbeddedStore): Promise<number> {
  const rows = await store.query<{ n: number }>(
    `SELECT count() AS n FROM system.processes WHERE startsWith(query, '/* people:')`,
  );
  return rows[0]!.n;
}

async function untilOneRuns(store: EmbeddedStore): Promise<void> {
  while ((await runningQueries(store)) === 0);
}

test('an abort answers the caller and ends the query in the engine', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { concurrentMax: 1 });
  const stop = new AbortController();
  const query = people.query(ENDLESS, { signal: stop.signal });
  await untilOneRuns(store);
  stop.abort();
  await assert.rejects(query, { code: 'cancelled' });
  // The next one gets its turn only when the engine has let go of the first.
  await people.query('SELECT 1');
  assert.equal(await runningQueries(store), 0);
  await assert.rejects(people.query('SELECT 1', { signal: stop.signal }), { code: 'cancelled' });
  await people.close();
});

test('the time limit ends the query in the engine, and a request may lower it', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { executionSecondsMax: 600 });
  await assert.rejects(people.query(ENDLESS, { executionSeconds: 0.2 }), {
    code: 'limit-exceeded',
    message: /maximum: 200 ms/,
  });
  assert.equal(await runningQueries(store), 0);
  await people.close();
});

test('a request cannot raise the time limit', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { executionSecondsMax: 0.2 });
  for (const executionSeconds of [600, 0, -1, Number.NaN]) {
    await assert.rejects(people.query(ENDLESS, { executionSeconds }), { code: 'limit-exceeded' });
  }
  await people.close();
});

test('closing ends what runs, refuses what waits and what comes', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { concurrentMax: 1 });
  const running = people.query(ENDLESS);
  const waiting = people.query('SELECT 1');
  const ends = Promise.allSettled([running, waiting]);
  await untilOneRuns(store);
  await people.close();
  assert.equal(await runningQueries(store), 0);
  for (const end of await ends) {
    assert.equal(end.status === 'rejected' && (end.reason as { code: string }).code, 'closed');
  }
  await assert.rejects(people.query('SELECT 1'), { code: 'closed' });
});

test('a long text is refused unread, and the longest allowed is read', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  const text = (bytes: number) => `SELECT length('${'é'.repeat((bytes - 17) / 2)}')`;
  assert.equal(Buffer.byteLength(text(256 * 1024 + 1)), 256 * 1024 + 1);
  await assert.rejects(people.query(text(256 * 1024 + 1)), { code: 'text-too-long' });
  const answer = await people.query(text(256 * 1024 - 1));
  assert.equal(Buffer.from(answer.bytes).toString(), `${256 * 1024 - 18}\n`);
  await people.close();
});

test('a query beyond what may run and wait is told to try again', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { concurrentMax: 1, waitingMax: 1 });
  const stop = new AbortController();
  const running = assert.rejects(people.query(ENDLESS, { signal: stop.signal }), { code: 'cancelled' });
  const waiting = people.query('SELECT 1');
  await assert.rejects(people.query('SELECT 1'), { code: 'busy', retryable: true });
  stop.abort();
  await running;
  await waiting;
  await people.close();
});

test('rows that a query wrote before it failed are in no later answer', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { concurrentMax: 1 });
  await assert.rejects(people.query('SELECT number, throwIf(number = 200000) FROM numbers(1000000)'), {
    code: 'query-failed',
  });
  assert.equal(Buffer.from((await people.query('SELECT 1')).bytes).toString(), '1\n');
  await people.close();
});

test('an error is the reader’s: the engine’s words, without the way we asked', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  await assert.rejects(people.query('SELECT 1 +'), (error: Error) => {
    assert.match(error.message, /^Code: 62\. DB::Exception: Syntax error: failed at position 11/);
    assert.doesNotMatch(error.message, /formatQuery|unhex/);
    return true;
  });
  await assert.rejects(people.query('SELECT no_such_column FROM frames'), {
    code: 'query-failed',
    message: /no_such_column/,
  });
  await people.close();
});
