import assert from 'node:assert/strict';
import test from 'node:test';
import { withMigrationLock } from '../src/migration-lock.js';
import { temporaryStore } from './temporary-store.js';

test('of several that start together one works at a time, and each gets its turn', async (t) => {
  const store = await temporaryStore(t);
  let inside = 0;
  const order: number[] = [];
  await Promise.all(
    [1, 2, 3].map((who) =>
      withMigrationLock(store, async () => {
        assert.equal(++inside, 1);
        await store.query('SELECT sleep(0.2)');
        order.push(who);
        inside--;
      }),
    ),
  );
  assert.deepEqual(order.sort(), [1, 2, 3]);
});

test('a failure gives the lock back; one that a dead process left is taken over once it has expired', async (t) => {
  const store = await temporaryStore(t);
  await assert.rejects(
    withMigrationLock(store, () => Promise.reject(new Error('no'))),
    /no/,
  );
  await store.command(
    `CREATE TABLE schema_migration_lock (holder String) ENGINE = Memory COMMENT 'somebody 1000'`,
  );
  assert.equal(await withMigrationLock(store, () => Promise.resolve('done')), 'done');
});
