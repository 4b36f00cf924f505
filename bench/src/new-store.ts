import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore, type EmbeddedStore } from '@halfopen/store';

/** A store of its own for one measurement, gone afterwards. `dir` is free for other files, beside the engine's. */
export async function inNewStore<T>(work: (store: EmbeddedStore, dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-bench-'));
  try {
    const store = await openEmbeddedStore({ path: join(dir, 'store') });
    try {
      return await work(store, dir);
    } finally {
      await store.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
