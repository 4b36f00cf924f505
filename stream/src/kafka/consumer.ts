import { setTimeout as sleep } from 'node:timers/promises';
import { RevokedError, StreamError, type RangeConsumer, type RecordRange, type StreamLag } from '../port.js';
import { Assignment } from './assignment.js';
import {
  codeOf,
  connectedPolling,
  ERROR,
  loadKafka,
  messageOf,
  promised,
  within,
  type FetchedMessage,
  type PollingConsumer,
  type TopicPartition,
} from './client.js';
import { offerOf } from './letter-message.js';
import { intentionMetadata, readIntention } from './intention.js';
import { CONSUMER_LIMITS, type KafkaConsumerLimits } from './limits.js';
import type { Partition } from './partition.js';
import { connectionSettings, type KafkaConnection, type KafkaLog } from './settings.js';

/**
 * The batch id of a message, from its bytes: keys of other producers are not it.
 *
 * @param offerOf of a dead letter that is offered again: its batch id
 */
export type BatchIdOf = (value: Uint8Array, offerOf?: string) => string;

export interface KafkaConsumerOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** Consumers of one group share the topic's partitions, and their positions. */
  readonly group: string;
  readonly batchIdOf: BatchIdOf;
  readonly log: KafkaLog;
  readonly limits?: Partial<KafkaConsumerLimits>;
  /** @default 10_000 */
  readonly connectMs?: number;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
}

export interface KafkaConsumerStatus {
  readonly partitions: number;
  /** Of its partitions all is committed that was there at the last fetch. */
  readonly caughtUp: boolean;
  /** Of librdkafka: what it has met last, such as brokers out of reach. Its own retries go on. */
  readonly lastError: string | undefined;
  /** Messages that the group was still to read and the topic's retention has taken. */
  readonly lostToRetention: bigint;
}

export interface KafkaRangeConsumer extends RangeConsumer {
  status(): KafkaConsumerStatus;
  /** Gives up its partitions, at once for whoever takes them over. Ranges that are out can't be committed any more. */
  close(): Promise<void>;
}

/** A call of `consume` returns by then, so that pauses and closings take effect. */
const POLL_MS = 100;
const POLL_AGAIN_MS = 500;
const COMMITTED_MS_MAX = 10_000;
const COMMIT_MS_MAX = 30_000;
/** Polling never stops while the process lives, so what this would catch is a blocked event loop. */
const POLL_INTERVAL_MS_MAX = 300_000;
const RETRY_AFTER_S = 1;

/** Joins the group and begins to fetch. @throws StreamError if no broker is reached */
export async function openKafkaConsumer(options: KafkaConsumerOptions): Promise<KafkaRangeConsumer> {
  const consumer = new Consumer(options);
  await consumer.open();
  return consumer;
}

class Consumer implements KafkaRangeConsumer {
  readonly #client: PollingConsumer;
  readonly #limits: KafkaConsumerLimits;
  readonly #assigned: Assignment;
  #out: RecordRange | undefined;
  #lastTaken = -1;
  #closed = false;
  #polling: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #lastError: string | undefined;
  #lostToRetention = 0n;

  constructor(private readonly options: KafkaConsumerOptions) {
    this.#limits = { ...CONSUMER_LIMITS, ...options.limits };
    const { KafkaConsumer } = loadKafka();
    this.#client = new KafkaConsumer(this.#settings()) as unknown as PollingConsumer;
    this.#assigned = new Assignment(this.#client, this.#limits);
  }

  async open(): Promise<void> {
    const { connection, topic, signal, connectMs } = this.options;
    this.#client.on('event.error', (error) => {
      this.#lastError = messageOf(error);
    });
    this.#client.setDefaultConsumeTimeout(POLL_MS);
    this.#client.setDefaultIsTimeoutOnlyForFirstMessage(true);
    await connectedPolling(this.#client, connection, { connectMs, signal });
    this.#client.subscribe([topic]);
    this.#polling = this.#poll();
  }

  async next(signal: AbortSignal): Promise<RecordRange | undefined> {
    const onAbort = () => {
      this.#wake();
    };
    signal.addEventListener('abort', onAbort);
    try {
      for (;;) {
        if (signal.aborted || this.#closed) return undefined;
        // What was taken and not committed is offered again, as it was: it may be in the store in part.
        if (this.#out !== undefined) return this.#out;
        const partition = this.#assigned.ready(Date.now(), this.#lastTaken);
        if (partition !== undefined) {
          this.#lastTaken = partition.partition;
          this.#out = partition.range(this.#limits);
          return this.#out;
        }
        await this.#rest();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async intend(range: RecordRange): Promise<void> {
    this.#own(range);
    // Of a replay the very same is on record already: written again, it proves that the partition is still ours.
    await this.#commit(range, range.begin, intentionMetadata(range.end));
  }

  async commit(range: RecordRange): Promise<void> {
    const partition = this.#own(range);
    await this.#commit(range, range.end, '');
    partition.committed(range.end, Date.now());
    if (this.#out === range) this.#out = undefined;
    this.#assigned.fetchWithinBounds();
    this.#wake();
  }

  lag(): StreamLag {
    let [records, bytes] = [0, 0];
    let oldest: number | undefined;
    for (const partition of this.#assigned.all()) {
      records += this.#behind(partition) ?? 0;
      bytes += partition.bytes;
      const at = partition.oldestAppendedAt_ms;
      if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
    }
    return { records, bytes, oldestAppendedAtMs: oldest };
  }

  status(): KafkaConsumerStatus {
    return {
      partitions: this.#assigned.size,
      caughtUp: this.#assigned.all().every((partition) => this.#behind(partition) === 0),
      lastError: this.#lastError,
      lostToRetention: this.#lostToRetention,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake();
    await this.#polling;
    for (const { partition } of this.#assigned.all()) this.#assigned.forget(partition);
    this.#out = undefined;
    await promised((done) => {
      this.#client.disconnect(done);
    });
  }

  #settings(): Record<string, unknown> {
    const { connection, group } = this.options;
    return {
      ...connectionSettings(connection, 'halfopen-ingest'),
      'group.id': group,
      'group.protocol': 'consumer',
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'auto.offset.reset': 'earliest',
      'max.poll.interval.ms': POLL_INTERVAL_MS_MAX,
      'fetch.queue.backoff.ms': 10,
      'queued.max.messages.kbytes': Math.ceil(this.#limits.fetchedBytesMax / 1024),
      rebalance_cb: (event: unknown, partitions: readonly TopicPartition[]) => {
        this.#rebalance(codeOf(event), partitions);
      },
    };
  }

  /** Fetches without end: it is also how librdkafka learns that we live, and tells of partitions given and taken. */
  async #poll(): Promise<void> {
    while (!this.#closed) {
      try {
        const messages = await promised<readonly FetchedMessage[]>((done) => {
          this.#client.consume(this.#assigned.messagesToTake(), done);
        });
        for (const message of messages) this.#take(message);
        if (messages.length > 0) {
          this.#assigned.fetchWithinBounds();
          this.#wake();
        }
      } catch (error) {
        this.#lastError = messageOf(error);
        await sleep(POLL_AGAIN_MS);
      }
    }
  }

  #take(message: FetchedMessage): void {
    const partition = this.#assigned.get(message.partition);
    if (partition === undefined) return;
    const value = message.value ?? Buffer.alloc(0);
    this.#assigned.noteSize(value.length);
    const record = {
      offset: BigInt(message.offset),
      appendedAtMs: message.timestamp ?? 0,
      batchId: this.options.batchIdOf(value, offerOf(message)),
      value,
    };
    this.#noteLost(partition, partition.add(record, Date.now()));
  }

  #rebalance(code: number | undefined, given: readonly TopicPartition[]): void {
    const cooperative = this.#client.rebalanceProtocol() === 'COOPERATIVE';
    if (code === ERROR.assignPartitions) {
      const partitions = this.#assigned.assign(given);
      if (cooperative) this.#client.incrementalAssign(given);
      else this.#client.assign(given);
      for (const partition of partitions) void this.#locate(partition);
    } else {
      this.#assigned.revoke(given);
      if (given.some(({ partition }) => partition === this.#out?.partition)) this.#out = undefined;
      if (cooperative) this.#client.incrementalUnassign(given);
      else this.#client.unassign();
    }
    const numbers = given.map(({ partition }) => partition);
    this.options.log.info({ partitions: numbers }, code === ERROR.assignPartitions ? 'assigned' : 'revoked');
    this.#wake();
  }

  /** Nothing of a partition is handed out before we know what its last owner intended. */
  async #locate(partition: Partition): Promise<void> {
    const { topic, partition: number } = partition;
    while (!partition.revoked && !this.#closed) {
      try {
        const asked = promised<readonly TopicPartition[]>((done) => {
          this.#client.committed([{ topic, partition: number }], COMMITTED_MS_MAX, done);
        });
        // Twice its own bound: an answer that never comes would hold the partition up for ever.
        const [found] = await within(2 * COMMITTED_MS_MAX, asked);
        const offset = found?.offset;
        const known = offset !== undefined && offset >= 0 ? BigInt(offset) : undefined;
        const intendedEnd = known === undefined ? undefined : readIntention(found?.metadata);
        this.#noteLost(partition, partition.locate({ offset: known, intendedEnd }));
        this.#wake();
        return;
      } catch (error) {
        this.#lastError = messageOf(error);
        await sleep(POLL_AGAIN_MS);
      }
    }
  }

  #noteLost({ topic, partition, begin }: Partition, lost: bigint): void {
    if (lost === 0n) return;
    this.#lostToRetention += lost;
    const fields = { topic, partition, from: String(begin), messages: String(lost) };
    this.options.log.error(
      fields,
      "messages are lost: the topic's retention took them before they were stored",
    );
  }

  /** Until something has come or changed, or the linger of what is here is over. */
  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#wake();
      }, this.#limits.lingerMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
    });
  }

  /**
   * The broker refuses the commit of a member that it has given up; that we know of no loss ourselves closes the other
   * gap, a member that has joined again and commits for what is no longer its own.
   *
   * @throws RevokedError
   */
  #own(range: RecordRange): Partition {
    const partition = this.#assigned.get(range.partition);
    if (partition !== undefined && this.#out === range) return partition;
    throw new RevokedError(`partition ${range.partition} of ${range.topic} is another consumer's by now`);
  }

  async #commit({ topic, partition }: RecordRange, offset: bigint, metadata: string): Promise<void> {
    try {
      const committed = promised<unknown>((done) => {
        this.#client.commitCb([{ topic, partition, offset: Number(offset), metadata }], done);
      });
      // One after the other on one connection: what is given up here can't be carried out behind what follows.
      await within(COMMIT_MS_MAX, committed);
    } catch (cause) {
      throw unavailable(`an offset could not be committed: ${messageOf(cause)}`, cause);
    }
  }

  /** Records not yet committed; undefined before the first fetch. */
  #behind({ topic, partition, begin }: Partition): number | undefined {
    try {
      const { lowOffset, highOffset } = this.#client.getWatermarkOffsets(topic, partition);
      return highOffset < 0 ? undefined : Math.max(0, highOffset - Number(begin ?? lowOffset));
    } catch {
      return undefined;
    }
  }
}

function unavailable(message: string, cause: unknown): StreamError {
  return new StreamError('unavailable', message, RETRY_AFTER_S, { cause });
}
