import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openEmbeddedStore, type EmbeddedStore } from '@halfopen/store';
import { installSignals } from '../src/index.js';

/** An empty store with the signals in place, closed and gone after the test. */
export async function temporaryStore(t: TestContext): Promise<EmbeddedStore> {
  const path = await mkdtemp(join(tmpdir(), 'halfopen-rules-'));
  const store = await openEmbeddedStore({ path });
  t.after(async () => {
    await store.close();
    await rm(path, { recursive: true, force: true });
  });
  await installSignals(store);
  return store;
}
