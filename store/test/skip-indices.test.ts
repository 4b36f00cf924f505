import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '../src/index.js';
import { oneOfEach } from './one-of-each.js';
import { spansBatch } from './spans.js';
import { temporaryStore } from './temporary-store.js';

/** Of the tables that hold rows: indices with nothing on disk, and those with something. */
async function indices(store: Store): Promise<{ unbuilt: string[]; built: string[] }> {
  const rows = await store.query<{ name: string; built: 0 | 1 }>(
    `SELECT table || '.' || name AS name, data_compressed_bytes > 0 AS built FROM system.data_skipping_indices
     WHERE database = 'default' AND table IN (SELECT table FROM system.parts WHERE active) ORDER BY name`,
  );
  const named = (wanted: 0 | 1) => rows.filter(({ built }) => built === wanted).map(({ name }) => name);
  return { unbuilt: named(0), built: named(1) };
}

test('an insert builds the indices on times and durations; bloom filters wait for the first merge', async (t) => {
  const store = await temporaryStore(t);
  await store.command('SYSTEM STOP MERGES');
  for (const token of ['topic-0-0-6', 'topic-0-6-12']) await store.insert(spansBatch(oneOfEach('aa')), token);
  const blooms = await store.query<{ name: string }>(
    `SELECT table || '.' || name AS name FROM system.data_skipping_indices
     WHERE database = 'default' AND type = 'bloom_filter' ORDER BY name`,
  );
  const inserted = await indices(store);
  assert.deepEqual(
    inserted.unbuilt,
    blooms.map(({ name }) => name),
  );
  assert.deepEqual(inserted.built, [
    'frames.idx_seen_at',
    'otel_traces.idx_duration',
    'otel_traces.idx_timestamp',
  ]);
  await store.command('SYSTEM START MERGES');
  for (const table of [
    'otel_traces',
    'otel_traces_trace_id_ts',
    'frames',
    'channel_states',
    'connection_events',
  ])
    await store.command(`OPTIMIZE TABLE ${table} FINAL`);
  assert.deepEqual((await indices(store)).unbuilt, []);
});
