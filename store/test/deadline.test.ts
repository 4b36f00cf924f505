import assert from 'node:assert/strict';
import test from 'node:test';
import { StoreError } from '../src/index.js';
import { spansBatch } from './spans.js';
import { temporaryStore } from './temporary-store.js';

const count = async (store: Awaited<ReturnType<typeof temporaryStore>>) =>
  (await store.query<{ n: number }>('SELECT toUInt32(count()) AS n FROM otel_traces'))[0]?.n;

test('an insert that begins behind its deadline is refused; its token is still good for one in time', async (t) => {
  const store = await temporaryStore(t);
  const batch = spansBatch([{ name: 'a' }, { name: 'b' }]);
  const isLate = (error: unknown) =>
    error instanceof StoreError &&
    error.retryable &&
    error.message.includes('deadline of this insert has passed');
  await assert.rejects(store.insert(batch, 'late', { deadline_ms: Date.now() - 1000 }), isLate);
  assert.equal(await count(store), 0);
  await store.insert(batch, 'late', { deadline_ms: Date.now() + 60_000 });
  await store.insert(batch, 'late', { deadline_ms: Date.now() + 60_000 });
  assert.equal(await count(store), 2);
});
