import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openEmbeddedStore, type EmbeddedStore } from '../src/index.js';

/** A directory that is gone after the test. */
export async function temporaryDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-store-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** An empty store that is closed and gone after the test. */
export async function temporaryStore(t: TestContext): Promise<EmbeddedStore> {
  const path = await mkdtemp(join(tmpdir(), 'halfopen-store-'));
  const store = await openEmbeddedStore({ path });
  t.after(async () => {
    await store.close();
    await rm(path, { recursive: true, force: true });
  });
  return store;
}
