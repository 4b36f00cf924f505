import assert from 'node:assert/strict';
import test from 'node:test';
import { temporaryStore } from './temporary-store.js';

test('each table and view of ours says what it is for', async (t) => {
  const store = await temporaryStore(t);
  const silent = await store.query(
    `SELECT name FROM system.tables
     WHERE database = 'default' AND comment = '' AND engine != 'MaterializedView' ORDER BY name`,
  );
  assert.deepEqual(silent, []);
});

test('each column of what people read says what it holds', async (t) => {
  const store = await temporaryStore(t);
  // Columns of a Nested carry no comment of their own, nor do those of materialized views, which only hand on.
  const silent = await store.query(
    `SELECT c.table, c.name FROM system.columns AS c
     INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
     WHERE c.database = 'default' AND c.comment = '' AND t.engine != 'MaterializedView' AND c.name NOT LIKE '%.%'
     ORDER BY ALL`,
  );
  assert.deepEqual(silent, []);
});

test('all that grows is dropped by its day of insertion, and takes a token once', async (t) => {
  const store = await temporaryStore(t);
  const tables = await store.query<{ name: string; partition_key: string; window: boolean }>(
    `SELECT name, partition_key, match(engine_full, 'non_replicated_deduplication_window = [1-9]') AS window
     FROM system.tables
     WHERE database = 'default' AND engine LIKE '%MergeTree' AND name NOT IN ('schema_migrations', 'rules_terms') ORDER BY name`,
  );
  assert.ok(tables.length > 0);
  for (const { name, partition_key: key, window } of tables) {
    assert.match(key, /^(toDate\((InsertedAt|inserted_at)\)|inserted_on)$/, name);
    assert.ok(window, `${name} has no deduplication window`);
  }
});
