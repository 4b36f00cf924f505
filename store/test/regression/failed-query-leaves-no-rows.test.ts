import assert from 'node:assert/strict';
import test from 'node:test';
import { temporaryStore } from '../temporary-store.js';

// chdb 3.4.0 keeps what a failed query had written and puts it in front of the session's next answer.
const FAILS_AFTER_MANY_ROWS = 'SELECT number, throwIf(number = 200000) FROM numbers(1000000)';

test('rows that a query wrote before it failed are in no later answer', async (t) => {
  const store = await temporaryStore(t);
  await assert.rejects(store.query(FAILS_AFTER_MANY_ROWS), /throwIf/);
  assert.deepEqual(await store.query('SELECT 1 AS one'), [{ one: 1 }]);
});

test('nor in the answer of a query that was waiting', async (t) => {
  const store = await temporaryStore(t);
  const [failed, next] = await Promise.allSettled([
    store.query(FAILS_AFTER_MANY_ROWS),
    store.query('SELECT 1 AS one'),
  ]);
  assert.equal(failed.status, 'rejected');
  assert.deepEqual(next, { status: 'fulfilled', value: [{ one: 1 }] });
});
