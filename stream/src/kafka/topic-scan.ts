import { StreamError } from '../port.js';
import {
  CONNECT_MS_MAX,
  loadKafka,
  messageOf,
  promised,
  within,
  type ClusterMetadata,
  type FetchedMessage,
  type PollingConsumer,
  type TopicPartition,
  type Watermarks,
} from './client.js';
import { connectionSettings, type KafkaConnection } from './settings.js';

const ASK_MS_MAX = 10_000;
const POLL_MS = 200;
/** A broker that serves nothing of a topic which has something, for so long, is away. */
const SILENCE_MS_MAX = 30_000;
/** Each may be as large as the topic lets it. */
const MESSAGES_AT_ONCE = 16;
const FETCHED_KBYTES_MAX = 16 * 1024;
const RETRY_AFTER_S = 2;

/**
 * Hands over what a topic holds now, each partition in its order, and ends. It joins no group and commits nothing.
 *
 * @throws StreamError if the topic is not there, or its brokers do not answer
 */
export async function scanTopic(
  connection: KafkaConnection,
  topic: string,
  take: (message: FetchedMessage) => Promise<void> | void,
): Promise<void> {
  const scan = new Scan(connection, topic);
  try {
    await scan.open();
    await scan.run(take);
  } catch (error) {
    if (error instanceof StreamError) throw error;
    throw unavailable(`topic ${topic} can't be read: ${scan.lastError ?? messageOf(error)}`, error);
  } finally {
    await scan.close();
  }
}

class Scan {
  lastError: string | undefined;
  readonly #client: PollingConsumer;
  /** Offsets behind what was there as the scan began, of partitions that are not yet read so far. */
  readonly #ends = new Map<number, number>();

  constructor(
    connection: KafkaConnection,
    private readonly topic: string,
  ) {
    const { KafkaConsumer } = loadKafka();
    this.#client = new KafkaConsumer({
      ...connectionSettings(connection, 'halfopen-dead-letters'),
      // librdkafka wants a name; who assigns partitions by himself joins nothing.
      'group.id': 'halfopen-dead-letters',
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'auto.offset.reset': 'earliest',
      'enable.partition.eof': true,
      'queued.max.messages.kbytes': FETCHED_KBYTES_MAX,
    }) as unknown as PollingConsumer;
  }

  async open(): Promise<void> {
    this.#client.on('event.error', (error) => {
      this.lastError = messageOf(error);
    });
    // Offsets may be missing at the end, which no message fills.
    this.#client.on('partition.eof', ({ partition }) => this.#ends.delete(partition));
    this.#client.setDefaultConsumeTimeout(POLL_MS);
    this.#client.setDefaultIsTimeoutOnlyForFirstMessage(true);
    await promised((done) => {
      this.#client.connect({ timeout: CONNECT_MS_MAX }, done);
    });
    const assigned = await this.#whatIsThere();
    if (assigned.length > 0) this.#client.assign(assigned);
  }

  /** From the beginning of each partition that has something, to the end that it has now. */
  async #whatIsThere(): Promise<TopicPartition[]> {
    const metadata = await promised<ClusterMetadata>((done) => {
      this.#client.getMetadata({ topic: this.topic, timeout: ASK_MS_MAX }, done);
    });
    const found = metadata.topics.find(({ name }) => name === this.topic);
    if (found === undefined || found.partitions.length === 0)
      throw unavailable(`there is no topic ${this.topic}: halfopen ingest makes it`, undefined);
    const assigned: TopicPartition[] = [];
    for (const { id: partition } of found.partitions) {
      const { lowOffset, highOffset } = await promised<Watermarks>((done) => {
        this.#client.queryWatermarkOffsets(this.topic, partition, ASK_MS_MAX, done);
      });
      if (highOffset <= lowOffset) continue;
      this.#ends.set(partition, highOffset);
      assigned.push({ topic: this.topic, partition, offset: lowOffset });
    }
    return assigned;
  }

  async run(take: (message: FetchedMessage) => Promise<void> | void): Promise<void> {
    let heard_ms = Date.now();
    while (this.#ends.size > 0) {
      const messages = await promised<readonly FetchedMessage[]>((done) => {
        this.#client.consume(MESSAGES_AT_ONCE, done);
      });
      for (const message of messages) {
        const end = this.#ends.get(message.partition);
        await take(message);
        if (end !== undefined && message.offset >= end - 1) this.#ends.delete(message.partition);
      }
      if (messages.length > 0) heard_ms = Date.now();
      else if (Date.now() - heard_ms > SILENCE_MS_MAX)
        throw unavailable(
          `topic ${this.topic} can't be read to its end: ${this.lastError ?? 'nothing comes'}`,
          undefined,
        );
    }
  }

  async close(): Promise<void> {
    const gone = promised((done) => {
      this.#client.disconnect(done);
    });
    await within(ASK_MS_MAX, gone).catch(() => undefined);
  }
}

function unavailable(message: string, cause: unknown): StreamError {
  return new StreamError('unavailable', message, RETRY_AFTER_S, { cause });
}
