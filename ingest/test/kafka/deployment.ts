import { setTimeout as sleep } from 'node:timers/promises';
import { batchId } from '@halfopen/otlp';
import type { Store } from '@halfopen/store';
import {
  openKafkaConsumer,
  openKafkaProducer,
  type DeadLetterOffice,
  type KafkaConnection,
  type KafkaProducer,
} from '@halfopen/stream';
import { startIngest, type IngestCounters } from '../../src/index.js';
import { silentLog, timelessClock } from '../deployment.js';
import { FaultyProcess, type FaultPlan } from '../faults.js';
import type { Message } from '../messages.js';
import type { ModelOffice } from '../model-office.js';

/** A topic and a store that outlive the processes that work on them. */
export class KafkaDeployment<Office extends DeadLetterOffice = ModelOffice> {
  constructor(
    private readonly store: Store,
    private readonly connection: KafkaConnection,
    private readonly topic: string,
    private readonly partitions: number,
    private readonly producer: KafkaProducer,
    readonly office: Office,
  ) {}

  static async open<Office extends DeadLetterOffice>(
    store: Store,
    connection: KafkaConnection,
    topic: string,
    partitions: number,
    office: Office,
  ): Promise<KafkaDeployment<Office>> {
    const producer = await openKafkaProducer({ connection, topic });
    return new KafkaDeployment(store, connection, topic, partitions, producer, office);
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
  async process(
    plan: FaultPlan = () => undefined,
    bounds: { readonly rowBytesMax?: number } = {},
  ): Promise<IngestCounters | undefined> {
    const { connection, topic } = this;
    const opened = await openKafkaConsumer({
      connection,
      topic,
      group: topic,
      batchIdOf: batchId,
      log: silentLog,
      limits: { lingerMs: 0 },
    });
    const faulty = new FaultyProcess(this.store, this.office, opened, plan);
    const { store, office: deadLetters, consumer, crashed } = faulty;
    const ingest = startIngest({
      consumer,
      store,
      deadLetters,
      log: silentLog,
      clock: timelessClock,
      ...bounds,
    });
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

  /** How many messages a topic of the same cluster holds. */
  async recordsIn(topic: string): Promise<number> {
    const consumer = await openKafkaConsumer({
      connection: this.connection,
      topic,
      group: `count-${topic}`,
      batchIdOf: batchId,
      log: silentLog,
      limits: { lingerMs: 0 },
    });
    let records = 0;
    while (records === 0 || !consumer.status().caughtUp) {
      const range = await consumer.next(AbortSignal.timeout(60_000));
      if (range === undefined) break;
      records += range.records.length;
      await consumer.commit(range);
    }
    await consumer.close();
    return records;
  }

  close(): Promise<void> {
    return this.producer.close();
  }
}
