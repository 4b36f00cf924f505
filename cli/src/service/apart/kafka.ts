import { setTimeout as sleep } from 'node:timers/promises';
import {
  ensureTopic,
  LETTER_BYTES_MAX,
  openKafkaProducer,
  StreamError,
  type KafkaConnection,
  type KafkaProducer,
  type StreamProducer,
} from '@halfopen/stream';
import type { KafkaConfig } from '../../config/cluster.js';
import { Failure } from '../../failure.js';
import type { Config } from '../../config/load.js';
import type { Log } from '../log.js';

/** @throws Failure that says what to configure */
export function needKafka({ kafka }: Config, command: string): KafkaConfig {
  if (kafka !== undefined) return kafka;
  throw new Failure(
    `halfopen ${command} works with Kafka: configure it, for example kafka: { brokers: [kafka-1:9092] }`,
    2,
  );
}

export function connectionOf({ brokers, tls, sasl }: KafkaConfig): KafkaConnection {
  return {
    brokers,
    ...(tls === undefined ? {} : { tls: given(tls) }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl, password: sasl.password.reveal() } }),
  };
}

function given<T extends object>(values: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

/** The topic as configured, unless it is there. */
export async function makeTopic(kafka: KafkaConfig, log: Log, signal: AbortSignal): Promise<void> {
  const { topic, partitions, replicas, retentionHours } = kafka;
  const options = { topic, partitions, replicas, retentionMs: retentionHours * 3_600_000 };
  if (await ensureTopic(connectionOf(kafka), { ...options, signal })) log.info(options, 'made the topic');
}

/** Where dead letters are kept: as large as a message of anybody may be, for as long as those of the topic or longer. */
export async function makeDeadLetterTopic(kafka: KafkaConfig, log: Log, signal: AbortSignal): Promise<void> {
  const { deadLetterTopic: topic, partitions, replicas, retentionHours, deadLetterRetentionHours } = kafka;
  const options = {
    topic,
    partitions,
    replicas,
    retentionMs: Math.max(retentionHours, deadLetterRetentionHours) * 3_600_000,
    messageBytesMax: LETTER_BYTES_MAX + LETTER_OVERHEAD_BYTES,
  };
  if (await ensureTopic(connectionOf(kafka), { ...options, signal }))
    log.info(options, 'made the topic of dead letters');
}

/** Headers and framing. */
const LETTER_OVERHEAD_BYTES = 64 * 1024;

const AGAIN_MS = 2_000;
const RETRY_AFTER_S = 2;

/**
 * A producer that connects when it can: a collector starts, and says in `/readyz` that it is not ready, though its brokers
 * are away. Should they go away later, it says so from the first message that they do not take until they answer again.
 */
export class PatientProducer implements StreamProducer {
  #producer: KafkaProducer | undefined;
  #lastError = 'connecting';
  /** Why the last message was not taken, while the brokers are away. */
  #away: string | undefined;
  readonly #stop = new AbortController();
  #connected: Promise<void> = Promise.resolve();

  constructor(
    private readonly kafka: KafkaConfig,
    private readonly log: Log,
  ) {}

  start(): void {
    this.#connected = this.#connect();
  }

  get messageBytesMax(): number {
    return this.kafka.messageBytesMax;
  }

  /** Why nothing can be published; undefined when it can. */
  get obstacle(): string | undefined {
    return this.#producer === undefined ? this.#lastError : this.#away;
  }

  async publish(batchId: string, value: Uint8Array): Promise<void> {
    if (this.#producer === undefined)
      throw new StreamError('unavailable', `Kafka is not reached yet: ${this.#lastError}`, RETRY_AFTER_S);
    try {
      await this.#producer.publish(batchId, value);
      this.#away = undefined;
    } catch (error) {
      if (error instanceof StreamError && error.code === 'unavailable') this.#noteAway(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#connected;
    await this.#producer?.close();
  }

  #noteAway(error: StreamError): void {
    if (this.#away !== undefined) return;
    this.#away = error.message;
    this.log.warn({ err: error }, 'Kafka takes no messages');
    void this.#untilBack();
  }

  /** The brokers are asked: whoever is not ready gets no messages that would tell. */
  async #untilBack(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#away !== undefined && !signal.aborted) {
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      try {
        await makeTopic(this.kafka, this.log, signal);
        this.#away = undefined;
      } catch (error) {
        this.#away = error instanceof Error ? error.message : String(error);
      }
    }
  }

  async #connect(): Promise<void> {
    const { topic, messageBytesMax } = this.kafka;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await makeTopic(this.kafka, this.log, signal);
        this.#producer = await openKafkaProducer({
          connection: connectionOf(this.kafka),
          topic,
          messageBytesMax,
          signal,
        });
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const message = error instanceof Error ? error.message : String(error);
        if (message !== this.#lastError) this.log.warn({ err: error }, 'Kafka is not reached; tried again');
        this.#lastError = message;
        await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
