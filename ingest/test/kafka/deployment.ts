import { setTimeout as sleep } from 'node:timers/promises';
import { batchId } from '@halfopen/otlp';
import type { Store } from '@halfopen/store';
import {
  openKafkaConsumer,
  openKafkaProducer,
  type KafkaConnection,
  type KafkaProducer,
} from '@halfopen/stream';
import { startIngest, type IngestCounters } from '../../src/index.js';
import { silentLog, timelessClock } from '../deployment.js';
import { FaultyProcess, type FaultPlan } from '../faults.js';
import type { Message } from '../messages.js';

/** A topic and a store that outlive the processes that work on them. */
export class KafkaDeployment {
  constructor(
    private readonly store: Store,
    private readonly connection: KafkaConnection,
    private readonly topic: string,
    private readonly partitions: number,
    private readonly producer: KafkaProducer,
  ) {}

  static async open(
    store: Store,
    connection: KafkaConnection,
    topic: string,
    partitions: number,
  ): Promise<KafkaDeployment> {
    const producer = await openKafkaProducer({ connection, topic });
    return new KafkaDeployment(store, connection, topic, partitions, producer);
  }

  async publish(messages: readonly Message[]): Promise<void> {
    await Promise.all(messages.map(({ batchId: id, value }) => this.producer.publish(id, value)));
  }

  /**
   * One process that stores what the topic holds; it ends when all is committed, or with a planned crash. After a crash
   * nothing that it has begun goes on; its partitions go to the next at once, as they do when its session is over.
   *
   * @returns its totals; undefined when it crashed
   */
  async process(plan: FaultPlan = () => undefined): Promise<IngestCounters | undefined> {
    const { connection, topic } = this;
    const opened = await openKafkaConsumer({
      connection,
      topic,
      group: topic,
      batchIdOf: batchId,
      log: silentLog,
      limits: { lingerMs: 0 },
    });
    const { store, consumer, crashed } = new FaultyProcess(this.store, opened, plan);
    const ingest = startIngest({ consumer, store, log: silentLog, clock: timelessClock });
    const stop = new AbortController();
    const stored = async (): Promise<IngestCounters> => {
      const isStored = () => opened.status().caughtUp && opened.status().partitions === this.partitions;
      while (!isStored() && !stop.signal.aborted) await sleep(20);
      await ingest.stop();
      return ingest.counters();
    };
    const outcome = await Promise.race([stored(), crashed]);
    stop.abort();
    await opened.close();
    return outcome;
  }

  /** Processes follow each other until one has stored it all. @returns the totals of the last */
  async untilStored(plan: FaultPlan): Promise<IngestCounters> {
    for (;;) {
      const counters = await this.process(plan);
      if (counters !== undefined) return counters;
    }
  }

  close(): Promise<void> {
    return this.producer.close();
  }
}
