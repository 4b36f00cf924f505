import type * as chdb from 'chdb';
import type * as connection from 'chdb/connection';
import { StoreError } from './store.js';

/** The ClickHouse engine in process (the npm package chdb). */
export type Engine = Pick<typeof chdb, 'Session' | 'drainPending'> &
  Pick<typeof connection, 'createChdbConnection'>;

/**
 * Loaded by whoever opens it, not with this package: it takes 150 MB of memory and 540 MB of disk, which processes over
 * a ClickHouse server do without. The container image for those leaves it out.
 *
 * @throws StoreError `no-engine` where it is not installed, or not for this platform
 */
export async function loadEngine(): Promise<Engine> {
  try {
    const [{ Session, drainPending }, { createChdbConnection }] = await Promise.all([
      import('chdb'),
      import('chdb/connection'),
    ]);
    return { Session, drainPending, createChdbConnection };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new StoreError(
      'no-engine',
      `the embedded engine can't be loaded (${reason}): install the npm package chdb, or use a ClickHouse server (docs/scale-out.md)`,
      false,
      { cause },
    );
  }
}
