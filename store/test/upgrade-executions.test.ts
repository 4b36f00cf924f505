import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '../src/index.js';
import { migrate, readMigrations } from '../src/migrate.js';
import { spansBatch, type TestSpan } from './spans.js';
import { withStoreAt } from './store-at.js';

/** The migration that brings `frame_executions`. */
const EXECUTIONS = 12;

/** Commands that an agent receives and executes, half of them twice, one of them without end. */
const FRAMES: TestSpan[] = Array.from({ length: 40 }, (_, n) => {
  const stage = n % 4 === 0 ? 'receive' : n % 4 === 3 ? 'enqueue' : 'execute';
  return {
    name: `frame.${stage}`,
    start: 1_790_856_000_000_000_000n + BigInt(n) * 1_000_000_000n,
    insertedAt: 1_790_856_000 + n,
    attributes: {
      'channel.id': n < 20 ? 'agent-1' : 'agent-2',
      'channel.end': stage === 'enqueue' ? 'server' : 'agent',
      'channel.connection.id': 'c1',
      'frame.stage': stage,
      'frame.direction': 'to_agent',
      'frame.id': `f${Math.floor(n / 4)}`,
      'frame.kind': 'command',
      'frame.outcome': n === 30 ? 'pending' : 'ok',
    },
  };
});

const told = (store: Store): Promise<unknown[]> =>
  store.query(
    'SELECT bucket, toString(work_key) AS key, channel_id, toUInt32(sum(frame_executions.executed)) AS executed, toUInt32(sum(frame_executions.received)) AS received FROM frame_executions GROUP BY ALL ORDER BY ALL',
  );

test('frames stored before the upgrade are counted as those after it', async (t) => {
  const migrations = await readMigrations();
  const upgraded = await withStoreAt(t, EXECUTIONS - 1, async (store) => {
    await store.insert(spansBatch(FRAMES), 'topic-0-0-40');
    await migrate(store, migrations);
    return told(store);
  });
  const inserted = await withStoreAt(t, EXECUTIONS, async (store) => {
    await store.insert(spansBatch(FRAMES), 'topic-0-0-40');
    return told(store);
  });
  assert.deepEqual(upgraded, inserted);
  const sum = (key: 'executed' | 'received') =>
    inserted.reduce<number>((total, row) => total + (row as Record<typeof key, number>)[key], 0);
  assert.deepEqual([sum('executed'), sum('received')], [19, 10], 'what hangs has not been executed');
});
