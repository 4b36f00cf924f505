import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { quoted } from './sql-text.js';
import { StoreError, type Store } from './store.js';

/** A server makes a table of one name once: whoever made it holds the lock. Its comment says who, and until when. */
const LOCK = 'schema_migration_lock';
/** More than any migration takes; a holder that died is forgotten then. */
const HELD_MS_MAX = 120_000;
const WAIT_MS = 250;

/**
 * Runs `work` while no other process runs its own. Should the holder die, the next one goes on after
 * two minutes.
 */
export async function withMigrationLock<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const holder = randomUUID();
  while (!(await take(store, holder))) await sleep(WAIT_MS);
  try {
    return await work();
  } finally {
    await store.command(`DROP TABLE IF EXISTS ${LOCK}`);
  }
}

async function take(store: Store, holder: string): Promise<boolean> {
  try {
    const until = `toUnixTimestamp(now()) + ${HELD_MS_MAX / 1000}`;
    const [row] = await store.query<{ until: number }>(`SELECT ${until} AS until`);
    await store.command(
      `CREATE TABLE ${LOCK} (holder String COMMENT 'nothing is kept here') ENGINE = Memory COMMENT ${quoted(`${holder} ${row?.until ?? 0}`)}`,
    );
    // Somebody who had found an older lock expired may have dropped this one instead, in the same moment.
    await sleep(WAIT_MS);
    return (await commentOf(store))?.startsWith(holder) === true;
  } catch (error) {
    if (
      !(error instanceof StoreError) ||
      error.code !== 'query-failed' ||
      !/already exists/i.test(error.message)
    )
      throw error;
    await dropExpired(store);
    return false;
  }
}

async function dropExpired(store: Store): Promise<void> {
  const until = Number((await commentOf(store))?.split(' ')[1] ?? Infinity);
  const [clock] = await store.query<{ now: number }>('SELECT toUnixTimestamp(now()) AS now');
  if (clock !== undefined && until < clock.now) await store.command(`DROP TABLE IF EXISTS ${LOCK}`);
}

async function commentOf(store: Store): Promise<string | undefined> {
  const [row] = await store.query<{ comment: string }>(
    `SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = '${LOCK}'`,
  );
  return row?.comment;
}
