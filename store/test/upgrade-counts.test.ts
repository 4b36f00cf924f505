import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '../src/index.js';
import { migrate, readMigrations } from '../src/migrate.js';
import { spansBatch, type TestSpan } from './spans.js';
import { withStoreAt } from './store-at.js';

/** The migration that brings `channel_counts` and `channel_progress`. */
const SUSPECTS = 11;

/** Five minutes of both ends, and what they leave out. */
const STATES: TestSpan[] = Array.from({ length: 60 }, (_, n) => ({
  name: 'channel.state',
  start: 1_790_856_000_000_000_000n + BigInt(n) * 5_000_000_001n,
  insertedAt: 1_790_856_000 + n * 5,
  attributes: {
    'channel.id': 'agent-1',
    'channel.end': n % 2 === 0 ? 'server' : 'agent',
    'channel.connection.id': n < 30 ? 'c1' : 'c2',
    'channel.connected': String(n !== 29),
    'channel.tx.frames': String(n),
    'channel.tx.commands': String(n),
    ...(n % 3 === 0 ? {} : { 'channel.rx.acks': String(n - 1), 'channel.reader.alive': 'true' }),
    ...(n === 40 ? { 'channel.executed': '18446744073709551615', 'channel.handler.alive': 'false' } : {}),
  },
}));

async function told(store: Store): Promise<Record<'counts' | 'progress', unknown[]>> {
  return {
    counts: await store.query('SELECT DISTINCT * FROM channel_counts ORDER BY ALL'),
    progress: await store.query('SELECT * FROM channel_progress FINAL ORDER BY ALL'),
  };
}

test('states stored before the upgrade are counted as those after it', async (t) => {
  const migrations = await readMigrations();
  const upgraded = await withStoreAt(t, SUSPECTS - 1, async (store) => {
    await store.insert(spansBatch(STATES), 'topic-0-0-60');
    await migrate(store, migrations);
    const once = await told(store);
    // A start that was cut short behind the statement, and before its journal row, carries it out again.
    const backfill = migrations.find(({ version }) => version === SUSPECTS)?.statements.at(-1) ?? '';
    assert.match(backfill, /INSERT INTO channel_counts/);
    await store.command(backfill);
    assert.deepEqual(await told(store), once);
    return once;
  });
  const inserted = await withStoreAt(t, SUSPECTS, async (store) => {
    await store.insert(spansBatch(STATES), 'topic-0-0-60');
    return told(store);
  });
  assert.equal(inserted.counts.length, STATES.length);
  assert.deepEqual(upgraded, inserted);
});
