import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openEmbeddedStore, type EmbeddedStore } from '@halfopen/store';

/** An empty store that is closed and gone after the test. */
export async function temporaryStore(t: TestContext): Promise<EmbeddedStore> {
  const path = await mkdtemp(join(tmpdir(), 'halfopen-notify-'));
  const store = await openEmbeddedStore({ path });
  t.after(async () => {
    await store.close();
    await rm(path, { recursive: true, force: true });
  });
  return store;
}
