import assert from 'node:assert/strict';
import test from 'node:test';
import { openEmbeddedStore, type Store } from '../src/index.js';
import { spansBatch, type TestSpan } from './spans.js';
import { temporaryDir, temporaryStore } from './temporary-store.js';

/** What `rows` spans about one frame each come to, in the table and behind each view. */
async function counts(store: Store): Promise<Record<string, number>> {
  const rows = await store.query<Record<string, number>>(
    `SELECT (SELECT count() FROM otel_traces) AS spans, (SELECT count() FROM otel_traces_trace_id_ts) AS traces,
       (SELECT count() FROM frames) AS frames, (SELECT sum(spans) FROM frame_activity) AS activity,
       (SELECT count() FROM pending_stages) AS pending, (SELECT count() FROM heartbeat_stages) AS heartbeats,
       (SELECT count() FROM channel_states) AS states, (SELECT count() FROM connection_events) AS events,
       (SELECT count() FROM expected_channels) AS expected, (SELECT count() FROM listener_states) AS listeners`,
  );
  return rows[0]!;
}

const CHANNEL = { 'channel.id': 'agent-1', 'channel.end': 'agent' };
const FRAME = { ...CHANNEL, 'frame.direction': 'to_agent', 'frame.stage': 'receive' };

/** One of each kind, so that each view has something to hand on. */
function oneOfEach(traceId: string): TestSpan[] {
  return [
    { name: 'frame.receive', traceId, attributes: { ...FRAME, 'frame.outcome': 'pending' } },
    {
      name: 'frame.receive',
      traceId,
      attributes: { ...FRAME, 'frame.kind': 'heartbeat', 'frame.outcome': 'ok' },
    },
    { name: 'channel.state', attributes: CHANNEL },
    { name: 'channel.connect', attributes: CHANNEL },
    { name: 'channel.expected', attributes: CHANNEL },
    { name: 'listener.state' },
  ];
}
const ONCE = {
  spans: 6,
  traces: 1,
  frames: 2,
  activity: 2,
  pending: 1,
  heartbeats: 1,
  states: 1,
  events: 1,
  expected: 1,
  listeners: 1,
};
const TWICE = Object.fromEntries(Object.entries(ONCE).map(([table, rows]) => [table, 2 * rows]));

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
