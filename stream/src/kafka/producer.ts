import type { KafkaJS } from '@confluentinc/kafka-javascript';
import { StreamError, type StreamProducer } from '../port.js';
import { codeOf, CONNECT_MS_MAX, ERROR, loadKafka, messageOf, within } from './client.js';
import { OFFER_OF } from './letter-message.js';
import { connectionSettings, type KafkaConnection } from './settings.js';

export interface KafkaProducerOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /**
   * Largest message that the brokers take (`message.max.bytes`, less what a batch adds).
   * @default 1_000_000
   */
  readonly messageBytesMax?: number;
  /**
   * How long a message may wait for its acknowledgement before its sender is told to try again.
   * @default 10_000
   */
  readonly deliveryMs?: number;
  /** @default 10_000 */
  readonly connectMs?: number;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
}

export interface KafkaProducer extends StreamProducer {
  /** A larger message is refused as `too-large`: split it before. */
  readonly messageBytesMax: number;
  /** @param offerOf of a dead letter that is offered again: its batch id, of which the given one was made */
  publish(batchId: string, value: Uint8Array, offerOf?: string): Promise<void>;
  /** Waits for what is under way, at most `deliveryMs`. */
  close(): Promise<void>;
}

const MESSAGE_BYTES_MAX = 1_000_000;
const DELIVERY_MS = 10_000;
/** Of librdkafka: how long a message waits for company. */
const LINGER_MS = 5;
const RETRY_AFTER_S = 2;

/**
 * Publishes into a topic; a message's key is its batch id, so copies of it share a partition. Idempotent, acknowledged by
 * all in-sync replicas. For why this client, and these settings, see ADR 0013.
 *
 * @throws StreamError if no broker is reached
 */
export async function openKafkaProducer(options: KafkaProducerOptions): Promise<KafkaProducer> {
  return new Producer(await TopicWriter.open(options, 'halfopen-collector'));
}

class Producer implements KafkaProducer {
  constructor(private readonly writer: TopicWriter) {}

  get messageBytesMax(): number {
    return this.writer.messageBytesMax;
  }

  publish(batchId: string, value: Uint8Array, offerOf?: string): Promise<void> {
    return this.writer.write(batchId, value, offerOf === undefined ? undefined : { [OFFER_OF]: offerOf });
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}

/** Key, headers and framing of one record, and of the batch that holds it alone. */
const MESSAGE_OVERHEAD_BYTES = 1024;

/** Writes messages into one topic; each is durable when its promise resolves. */
export class TopicWriter {
  #closed = false;

  private constructor(
    private readonly producer: KafkaJS.Producer,
    private readonly topic: string,
    readonly messageBytesMax: number,
  ) {}

  /** @throws StreamError if no broker is reached */
  static async open(options: KafkaProducerOptions, clientId: string): Promise<TopicWriter> {
    const {
      connection,
      topic,
      messageBytesMax = MESSAGE_BYTES_MAX,
      deliveryMs = DELIVERY_MS,
      connectMs = CONNECT_MS_MAX,
      signal,
    } = options;
    const { Kafka } = loadKafka().KafkaJS;
    const producer = new Kafka({}).producer({
      ...connectionSettings(connection, clientId),
      'enable.idempotence': true,
      acks: -1,
      'linger.ms': LINGER_MS,
      'compression.type': 'lz4',
      partitioner: 'murmur2_random',
      'message.max.bytes': messageBytesMax + MESSAGE_OVERHEAD_BYTES,
      'delivery.timeout.ms': deliveryMs,
    });
    try {
      await within(connectMs, producer.connect(), signal);
    } catch (cause) {
      producer.disconnect().catch(() => undefined);
      throw unavailable(`no broker of ${connection.brokers.join(', ')} is reached`, cause);
    }
    return new TopicWriter(producer, topic, messageBytesMax);
  }

  /** @throws StreamError */
  async write(key: string, value: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<void> {
    if (this.#closed) throw new StreamError('closed', 'the stream is closed', RETRY_AFTER_S);
    if (value.length > this.messageBytesMax) throw tooLarge(value.length, this.messageBytesMax);
    try {
      const message = { key, value: Buffer.from(value.buffer, value.byteOffset, value.length) };
      const messages = [headers === undefined ? message : { ...message, headers: { ...headers } }];
      await this.producer.send({ topic: this.topic, messages });
    } catch (error) {
      throw asStreamError(error, value.length, this.messageBytesMax);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.producer.disconnect();
  }
}

function asStreamError(error: unknown, bytes: number, bytes_max: number): StreamError {
  const code = codeOf(error);
  if (code === ERROR.messageTooLarge || code === ERROR.recordListTooLarge)
    return tooLarge(bytes, bytes_max, error);
  if (code === ERROR.queueFull)
    return new StreamError('overloaded', 'the brokers take less than arrives', RETRY_AFTER_S, {
      cause: error,
    });
  return unavailable(`the brokers did not acknowledge: ${messageOf(error)}`, error);
}

function tooLarge(bytes: number, bytes_max: number, cause?: unknown): StreamError {
  return new StreamError('too-large', `a message of ${bytes} bytes, the topic takes ${bytes_max}`, 0, {
    cause,
  });
}

function unavailable(message: string, cause: unknown): StreamError {
  return new StreamError('unavailable', message, RETRY_AFTER_S, { cause });
}
