import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openPeopleSql, type EmbeddedStore, type PeopleSql } from '@halfopen/store';
import { afterwards } from '../afterwards.js';
import { loadConfig } from '../../src/config/load.js';
import { directSink, importFile, type Imported } from '../../src/recording/import-file.js';
import { openLog } from '../../src/service/log.js';
import { openPipeline } from '../../src/service/pipeline.js';

export interface Stored {
  readonly store: EmbeddedStore;
  readonly people: PeopleSql;
  /** A folder that goes with the test. */
  readonly folder: string;
  /** Stores a recording, as far as it can be read. */
  readonly take: (file: string) => Promise<Imported>;
  /** Stores a recording, all of it. */
  readonly load: (file: string) => Promise<void>;
}

/** A data directory with the way into it, and the people's gate, closed and gone after the test. */
export async function opened(t: TestContext): Promise<Stored> {
  const folder = await mkdtemp(join(tmpdir(), 'halfopen-facts-'));
  const closes: (() => Promise<void>)[] = [];
  afterwards(t, async () => {
    for (const close of closes.reverse()) await close();
    await rm(folder, { recursive: true, force: true });
  });
  const config = {
    ...loadConfig(undefined, { data: join(folder, 'data') }),
    log: { level: 'error' },
  } as const;
  const pipeline = await openPipeline(config, openLog(config));
  closes.push(() => pipeline.close());
  const people = await openPeopleSql(pipeline.store);
  closes.push(() => people.close());
  const take = (file: string): Promise<Imported> => importFile(file, directSink(pipeline), () => undefined);
  return {
    store: pipeline.store,
    people,
    folder,
    take,
    load: async (file) => {
      const { failure } = await take(file);
      if (failure !== undefined) throw new Error(failure);
    },
  };
}
