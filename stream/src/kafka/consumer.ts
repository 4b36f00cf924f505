import { RevokedError, StreamError, type RangeConsumer, type RecordRange, type StreamLag } from '../port.js';
import {
  codeOf,
  CONNECT_MS_MAX,
  ERROR,
  loadKafka,
  messageOf,
  promised,
  within,
  type FetchedMessage,
  type PollingConsumer,
  type TopicPartition,
} from './client.js';
import { intentionMetadata, readIntention } from './intention.js';
import { CONSUMER_LIMITS, type KafkaConsumerLimits } from './limits.js';
import { Partition } from './partition.js';
import { connectionSettings, type KafkaConnection, type KafkaLog } from './settings.js';

export interface KafkaConsumerOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** Consumers of one group share the topic's partitions, and their positions. */
  readonly group: string;
  /** The batch id of a message, from its bytes: keys of other producers are not it. */
  readonly batchIdOf: (value: Uint8Array) => string;
  readonly log: KafkaLog;
  readonly limits?: Partial<KafkaConsumerLimits>;
  /** @default 10_000 */
  readonly connectMs?: number;
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
const POLL_MESSAGES_MAX = 1_000;
/** The average moves as if it were one of so many. */
const MESSAGES_REMEMBERED = 16;
const MESSAGE_BYTES_ASSUMED = 1_000_000;
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
  readonly #partitions = new Map<number, Partition>();
  /** Of which librdkafka fetches nothing for now. */
  readonly #paused = new Set<number>();
  #out: RecordRange | undefined;
  #lastTaken = -1;
  #closed = false;
  #polling: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #lastError: string | undefined;
  #lostToRetention = 0n;
  /** Of a message, on average; before any has come, as large as they may be. */
  #messageBytes = MESSAGE_BYTES_ASSUMED;

  constructor(private readonly options: KafkaConsumerOptions) {
    this.#limits = { ...CONSUMER_LIMITS, ...options.limits };
    const { KafkaConsumer } = loadKafka();
    this.#client = new KafkaConsumer(this.#settings()) as unknown as PollingConsumer;
  }

  async open(): Promise<void> {
    const { connection, topic } = this.options;
    this.#client.on('event.error', (error) => {
      this.#lastError = messageOf(error);
    });
    this.#client.setDefaultConsumeTimeout(POLL_MS);
    this.#client.setDefaultIsTimeoutOnlyForFirstMessage(true);
    try {
      await promised((done) => {
        this.#client.connect({ timeout: this.options.connectMs ?? CONNECT_MS_MAX }, done);
      });
    } catch (cause) {
      throw unavailable(`no broker of ${connection.brokers.join(', ')} is reached`, cause);
    }
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
        const partition = this.#ready(Date.now());
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
    this.#fetchWithinBounds();
    this.#wake();
  }

  lag(): StreamLag {
    let [records, bytes] = [0, 0];
    let oldest: number | undefined;
    for (const partition of this.#partitions.values()) {
      records += this.#behind(partition) ?? 0;
      bytes += partition.bytes;
      const at = partition.oldestAppendedAt_ms;
      if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
    }
    return { records, bytes, oldestAppendedAtMs: oldest };
  }

  status(): KafkaConsumerStatus {
    return {
      partitions: this.#partitions.size,
      caughtUp: [...this.#partitions.values()].every((partition) => this.#behind(partition) === 0),
      lastError: this.#lastError,
      lostToRetention: this.#lostToRetention,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake();
    await this.#polling;
    this.#revoke([...this.#partitions.values()]);
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
          this.#client.consume(this.#messagesToTake(), done);
        });
        for (const message of messages) this.#take(message);
        if (messages.length > 0) {
          this.#fetchWithinBounds();
          this.#wake();
        }
      } catch (error) {
        this.#lastError = messageOf(error);
        await new Promise((resolve) => setTimeout(resolve, POLL_AGAIN_MS));
      }
    }
  }

  /** As many as fit beside what is here, going by the size of those that came last; one, at least, to be told of rebalances. */
  #messagesToTake(): number {
    const room = this.#limits.pendingBytesMax - this.#pendingBytes();
    return Math.max(1, Math.min(POLL_MESSAGES_MAX, Math.floor(room / this.#messageBytes)));
  }

  #pendingBytes(): number {
    return [...this.#partitions.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #take(message: FetchedMessage): void {
    const partition = this.#partitions.get(message.partition);
    if (partition === undefined) return;
    const value = message.value ?? Buffer.alloc(0);
    this.#messageBytes += (Math.max(1, value.length) - this.#messageBytes) / MESSAGES_REMEMBERED;
    const record = {
      offset: BigInt(message.offset),
      appendedAtMs: message.timestamp ?? 0,
      batchId: this.options.batchIdOf(value),
      value,
    };
    this.#noteLost(partition, partition.add(record, Date.now()));
  }

  #rebalance(code: number | undefined, given: readonly TopicPartition[]): void {
    const cooperative = this.#client.rebalanceProtocol() === 'COOPERATIVE';
    if (code === ERROR.assignPartitions) {
      const partitions = given.map(({ topic, partition }) => new Partition(topic, partition));
      for (const partition of partitions) this.#partitions.set(partition.partition, partition);
      if (cooperative) this.#client.incrementalAssign(given);
      else this.#client.assign(given);
      for (const partition of partitions) void this.#locate(partition);
    } else {
      // A pause outlives the assignment in librdkafka: a partition that came back would never be fetched again.
      const paused = given.filter(({ partition }) => this.#paused.has(partition));
      if (paused.length > 0) this.#client.resume(paused);
      this.#revoke(given.flatMap(({ partition }) => this.#partitions.get(partition) ?? []));
      if (cooperative) this.#client.incrementalUnassign(given);
      else this.#client.unassign();
    }
    const numbers = given.map(({ partition }) => partition);
    this.options.log.info({ partitions: numbers }, code === ERROR.assignPartitions ? 'assigned' : 'revoked');
    this.#wake();
  }

  #revoke(partitions: readonly Partition[]): void {
    for (const partition of partitions) {
      partition.revoke();
      this.#partitions.delete(partition.partition);
      this.#paused.delete(partition.partition);
      if (this.#out?.partition === partition.partition) this.#out = undefined;
    }
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
        await new Promise((resolve) => setTimeout(resolve, POLL_AGAIN_MS));
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

  /** Partitions take turns; one at a time is out. */
  #ready(now_ms: number): Partition | undefined {
    const ready = [...this.#partitions.values()]
      .filter((partition) => partition.readySince_ms(now_ms, this.#limits) !== undefined)
      .sort((a, b) => a.partition - b.partition);
    return ready.find(({ partition }) => partition > this.#lastTaken) ?? ready[0];
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

  /** A partition whose replay is not here in full goes on whatever waits elsewhere: nothing of it moves before. */
  #fetchWithinBounds(): void {
    const partitions = [...this.#partitions.values()];
    const full = this.#pendingBytes() >= this.#limits.pendingBytesMax;
    const pause = partitions.filter((one) => full && !one.awaitsReplay && !this.#paused.has(one.partition));
    const resume = partitions.filter((one) => (!full || one.awaitsReplay) && this.#paused.has(one.partition));
    if (pause.length > 0) this.#client.pause(pause.map(nameOf));
    if (resume.length > 0) this.#client.resume(resume.map(nameOf));
    for (const { partition } of pause) this.#paused.add(partition);
    for (const { partition } of resume) this.#paused.delete(partition);
  }

  /**
   * The broker refuses the commit of a member that it has given up; that we know of no loss ourselves closes the other
   * gap, a member that has joined again and commits for what is no longer its own.
   *
   * @throws RevokedError
   */
  #own(range: RecordRange): Partition {
    const partition = this.#partitions.get(range.partition);
    if (partition !== undefined && !partition.revoked && this.#out === range) return partition;
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

function nameOf({ topic, partition }: Partition): TopicPartition {
  return { topic, partition };
}

function unavailable(message: string, cause: unknown): StreamError {
  return new StreamError('unavailable', message, RETRY_AFTER_S, { cause });
}
