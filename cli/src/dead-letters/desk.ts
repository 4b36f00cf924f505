import { deskInStore } from '@halfopen/ingest';
import { batchId } from '@halfopen/otlp';
import { openKafkaDesk, type DeadLetterDesk } from '@halfopen/stream';
import type { KafkaConfig } from '../config/cluster.js';
import type { Config } from '../config/load.js';
import { own } from '../data-dir/owner.js';
import { remoteOf } from '../service/access.js';
import { connectionOf } from '../service/apart/kafka.js';
import { openLog } from '../service/log.js';
import { openPipeline } from '../service/pipeline.js';

/** Across machines: dead letters are in a topic. */
export function deskInKafka(kafka: KafkaConfig): DeadLetterDesk {
  const { topic, deadLetterTopic: letterTopic } = kafka;
  return openKafkaDesk({ connection: connectionOf(kafka), topic, letterTopic, batchIdOf: batchId });
}

/** In one process: those of the data directory, opened here for as long as `work` takes, or through the `up` that owns it. */
export async function withDeskOf<T>(config: Config, work: (desk: DeadLetterDesk) => Promise<T>): Promise<T> {
  const ownership = await own(config.data, 'dead-letters');
  if (ownership === undefined) return work(remoteOf(config).deadLetters());
  try {
    const quiet = { ...config, log: { level: 'error' as const } };
    const pipeline = await openPipeline(quiet, openLog(quiet));
    try {
      return await work(deskInStore(pipeline.store, pipeline.stream.producer));
    } finally {
      await pipeline.close();
    }
  } finally {
    await ownership.release();
  }
}
