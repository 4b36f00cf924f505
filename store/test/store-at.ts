import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { EmbeddedStore, type Store } from '../src/index.js';
import { loadEngine } from '../src/engine.js';
import { migrate, readMigrations } from '../src/migrate.js';
import { temporaryDir } from './temporary-store.js';

/** A store whose schema is that of an earlier version. */
export async function withStoreAt<T>(
  t: TestContext,
  version: number,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const path = await temporaryDir(t);
  const staging = join(path, 'staging');
  await mkdir(staging);
  const store = new EmbeddedStore(await loadEngine(), path, staging);
  try {
    const migrations = await readMigrations();
    await migrate(
      store,
      migrations.filter((migration) => migration.version <= version),
    );
    return await work(store);
  } finally {
    await store.close();
  }
}
