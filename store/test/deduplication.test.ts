import assert from 'node:assert/strict';
import test from 'node:test';
import { openEmbeddedStore } from '../src/index.js';
import { counts, FRAME, ONCE, oneOfEach, TWICE } from './one-of-each.js';
import { spansBatch } from './spans.js';
import { temporaryDir, temporaryStore } from './temporary-store.js';

test('rows of one token land once, in the table and behind every view', async (t) => {
  const store = await temporaryStore(t);
  const batch = spansBatch(oneOfEach('aa'));
  await store.insert(batch, 'topic-0-0-6');
  await store.insert(batch, 'topic-0-0-6');
  assert.deepEqual(await counts(store), ONCE);
  await store.insert(spansBatch(oneOfEach('bb')), 'topic-0-6-12');
  assert.deepEqual(await counts(store), TWICE);
});

test('the same rows under another token are other rows', async (t) => {
  const store = await temporaryStore(t);
  const batch = spansBatch(oneOfEach('aa'));
  await store.insert(batch, 'topic-0-0-6');
  await store.insert(batch, 'topic-0-6-12');
  assert.deepEqual(await counts(store), TWICE);
});

test('tokens are remembered over a restart', async (t) => {
  const path = await temporaryDir(t);
  const batch = spansBatch(oneOfEach('aa'));
  for (const start of ['first', 'second']) {
    const store = await openEmbeddedStore({ path });
    await store.insert(batch, 'topic-0-0-6');
    assert.deepEqual(await counts(store), ONCE, `${start} start`);
    await store.close();
  }
});

test('however many rows, an insert is one block, so a replay is recognised', async (t) => {
  const store = await temporaryStore(t);
  const spans = Array.from({ length: 200_000 }, (_, i) => ({
    name: 'frame.receive',
    attributes: { ...FRAME, 'frame.id': String(i % 1000) },
  }));
  const batch = spansBatch(spans);
  await store.insert(batch, 'topic-0-0-200000');
  await store.insert(batch, 'topic-0-0-200000');
  const { spans: rows, frames, activity } = await counts(store);
  assert.deepEqual({ rows, frames, activity }, { rows: 200_000, frames: 200_000, activity: 200_000 });
});

test('an insert that a view made fail is completed by its replay, nothing twice', async (t) => {
  const store = await temporaryStore(t);
  // Stands for a crash between views: throws as long as its switch is on.
  await store.command('CREATE TABLE switch (on UInt8) ENGINE = MergeTree ORDER BY on');
  await store.command('INSERT INTO switch VALUES (1)');
  await store.command(
    `CREATE TABLE behind_failing_view (name String) ENGINE = MergeTree ORDER BY name
     SETTINGS non_replicated_deduplication_window = 100`,
  );
  await store.command(
    `CREATE MATERIALIZED VIEW failing_view TO behind_failing_view AS
     SELECT SpanName AS name FROM otel_traces WHERE throwIf((SELECT max(on) FROM switch) = 1, 'switched on') = 0`,
  );
  const batch = spansBatch(oneOfEach('aa'));
  await assert.rejects(store.insert(batch, 'topic-0-0-6'), { code: 'insert-failed', retryable: true });
  await store.command('TRUNCATE TABLE switch');
  for (const replay of ['first', 'second']) {
    await store.insert(batch, 'topic-0-0-6');
    assert.deepEqual(await counts(store), ONCE, `${replay} replay`);
    assert.deepEqual(await store.query('SELECT count() AS rows FROM behind_failing_view'), [{ rows: 6 }]);
  }
});

test('a table without views takes a token once too', async (t) => {
  const store = await temporaryStore(t);
  const batch = {
    table: 'dead_letters',
    columns: [{ name: 'topic', type: 'String' }],
    chunks: [Buffer.from([1, 0x61])],
    rows: 1,
  };
  await store.insert(batch, 'topic-0-0-1');
  await store.insert(batch, 'topic-0-0-1');
  assert.deepEqual(await store.query('SELECT count() AS rows FROM dead_letters'), [{ rows: 1 }]);
});
