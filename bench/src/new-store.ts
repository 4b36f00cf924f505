import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore, type EmbeddedStore } from '@halfopen/store';

const used: string[] = [];

/**
 * A store of its own for one measurement. `dir` is free for other files, beside the engine's.
 *
 * Its files stay until {@link removeStores}: ext4 looks through the inodes that were freed within the last five
 * seconds whenever it makes a file, so that removing one store's thousands of files made the next one's inserts cost up
 * to half as much again, in system time.
 */
export async function inNewStore<T>(work: (store: EmbeddedStore, dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-bench-'));
  used.push(dir);
  const store = await openEmbeddedStore({ path: join(dir, 'store') });
  try {
    return await work(store, dir);
  } finally {
    await store.close();
  }
}

/** Removes what the measurements of this process left behind. */
export async function removeStores(): Promise<void> {
  for (const dir of used.splice(0)) await rm(dir, { recursive: true, force: true });
}
