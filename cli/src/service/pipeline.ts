import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { officeInStore, startIngest, type Ingest } from '@halfopen/ingest';
import { installSignals } from '@halfopen/rules';
import { openEmbeddedStore, type EmbeddedStore } from '@halfopen/store';
import { openMemoryStream, type MemoryStream } from '@halfopen/stream';
import type { Config } from '../config/load.js';
import type { Log } from './log.js';

/** The way of a message from being published to being stored, in this process. */
export interface Pipeline {
  readonly store: EmbeddedStore;
  readonly stream: MemoryStream;
  readonly ingest: Ingest;
  /** Refuses new messages, stores what had been published, lets the engine go. */
  close(): Promise<void>;
}

/** Opens the engine on a data directory that this process owns, and the signals' views in it. */
export async function openStore(config: Config): Promise<EmbeddedStore> {
  const store = await openEmbeddedStore({ path: config.data, fsync: config.storage.fsync });
  try {
    await installSignals(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

export async function openPipeline(config: Config, log: Log): Promise<Pipeline> {
  const store = await openStore(config);
  try {
    const dir = join(config.data, 'stream');
    await mkdir(dir, { recursive: true });
    const stream = await openMemoryStream({ dir, fsync: config.storage.fsync, log });
    const deadLetters = officeInStore({ store, bytesMax: config.storage.deadLetterBytesMax, log });
    const ingest = startIngest({ consumer: stream.consumer, store, deadLetters, log });
    return { store, stream, ingest, close: () => closePipeline(store, stream, ingest) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function closePipeline(store: EmbeddedStore, stream: MemoryStream, ingest: Ingest): Promise<void> {
  await stream.close();
  await ingest.stop();
  await store.close();
}
