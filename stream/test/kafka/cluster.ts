import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { KafkaBroker } from '@halfopen/lab';
import { batchId } from '@halfopen/otlp';
import {
  ensureTopic,
  openKafkaConsumer,
  type KafkaConnection,
  type KafkaConsumerLimits,
  type KafkaLog,
  type KafkaRangeConsumer,
  type RecordRange,
} from '../../src/index.js';

/** What was logged as an error. */
export class KeptErrors implements KafkaLog {
  readonly errors: string[] = [];
  info(): void {
    // of no interest
  }
  warn(): void {
    // of no interest
  }
  error(fields: object, message: string): void {
    this.errors.push(`${message} ${JSON.stringify(fields)}`);
  }
}

/** A broker for the tests of one file, and topics of their own for each. */
export class Cluster {
  #topics = 0;

  private constructor(readonly broker: KafkaBroker) {}

  static async start(properties: Readonly<Record<string, string | number>> = {}): Promise<Cluster> {
    const dir = await mkdtemp(join(tmpdir(), 'halfopen-kafka-'));
    const broker = await KafkaBroker.start({ dir, properties });
    after(async () => {
      await broker.kill();
      await rm(dir, { recursive: true, force: true });
    });
    return new Cluster(broker);
  }

  get connection(): KafkaConnection {
    return { brokers: [this.broker.address] };
  }

  async topic(partitions: number): Promise<string> {
    const topic = `spans-${++this.#topics}`;
    await ensureTopic(this.connection, { topic, partitions, replicas: 1, retentionMs: 3_600_000 });
    return topic;
  }

  consumer(
    topic: string,
    limits: Partial<KafkaConsumerLimits> = {},
    log: KafkaLog = new KeptErrors(),
  ): Promise<KafkaRangeConsumer> {
    const { connection } = this;
    return openKafkaConsumer({ connection, topic, group: `of-${topic}`, batchIdOf: batchId, log, limits });
  }
}

/** More than any wait here takes on a busy machine. */
const PATIENCE_MS = 60_000;

export async function nextOf(consumer: KafkaRangeConsumer): Promise<RecordRange> {
  const range = await consumer.next(AbortSignal.timeout(PATIENCE_MS));
  if (range === undefined) throw new Error(`no range came: ${JSON.stringify(consumer.status(), bigIntText)}`);
  return range;
}

function bigIntText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

export const textsOf = (range: RecordRange): string[] =>
  range.records.map(({ value }) => Buffer.from(value).toString());
