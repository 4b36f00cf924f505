import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaJS } from '@confluentinc/kafka-javascript';
import {
  CONNECT_MS_MAX,
  connectedPolling,
  loadKafka,
  messageOf,
  promised,
  within,
  type PollingConsumer,
  type TopicPartition,
} from './client.js';
import { connectionSettings, type KafkaConnection, type KafkaLog } from './settings.js';
import { Watermark } from './watermark.js';

export interface KafkaProgressOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** Whose commits are looked at. */
  readonly group: string;
  readonly log: KafkaLog;
  /** Between two looks. @default 1_000 */
  readonly periodMs?: number;
}

/** How far a group has come with a topic, for whoever waits for what it stores. */
export interface KafkaProgress {
  /**
   * Everything published before this moment (by our clock, ms since the epoch) is committed. It stands still while the
   * brokers are away or the group does nothing. Undefined until the group has come as far as the topic was at the start.
   */
  storedUntilMs(): number | undefined;
  /** Messages published and not committed, at the last look. */
  pending(): number;
  /** Why the last look failed; undefined when it did not. */
  obstacle(): string | undefined;
  close(): Promise<void>;
}

const PERIOD_MS = 1_000;
const ASK_MS_MAX = 5_000;

/** Looks at the offsets of topic and group, again and again; starts though no broker is reached. */
export function watchKafkaProgress(options: KafkaProgressOptions): KafkaProgress {
  const watch = new Watch(options);
  watch.start();
  return watch;
}

class Watch implements KafkaProgress {
  readonly #watermark = new Watermark();
  readonly #stop = new AbortController();
  #pending = 0;
  #obstacle: string | undefined = 'not asked yet';
  #running: Promise<void> = Promise.resolve();

  constructor(private readonly options: KafkaProgressOptions) {}

  start(): void {
    this.#running = this.#run();
  }

  storedUntilMs(): number | undefined {
    return this.#watermark.storedUntil_ms();
  }

  pending(): number {
    return this.#pending;
  }

  obstacle(): string | undefined {
    return this.#obstacle;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const stopped = () => signal.aborted;
    const period_ms = this.options.periodMs ?? PERIOD_MS;
    while (!stopped()) {
      const eyes = new Eyes(this.options);
      try {
        await eyes.open(signal);
        while (!stopped()) {
          await this.#look(eyes);
          await sleep(period_ms, undefined, { signal });
        }
      } catch (error) {
        if (!stopped()) this.#failed(error);
      } finally {
        eyes.close();
      }
      await sleep(period_ms, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(eyes: Eyes): Promise<void> {
    const { topic, group, log } = this.options;
    const { signal } = this.#stop;
    // In this order: what comes between the questions makes the answer older, never younger than it is.
    const at_ms = Date.now();
    const reach = await eyes.reach(signal);
    const committed = await eyes.committed([...reach.keys()], signal);
    const ends = new Map<number, bigint>();
    let pending = 0n;
    for (const [partition, { low, high }] of reach) {
      ends.set(partition, high);
      // Below `low` retention has taken what there was: nobody will store it.
      const at = larger(committed.get(partition) ?? -1n, low);
      committed.set(partition, at);
      pending += larger(high - at, 0n);
    }
    this.#watermark.note(at_ms, ends, committed);
    this.#pending = Number(pending);
    if (this.#obstacle !== undefined) log.info({ topic, group }, 'follows how far the group has come');
    this.#obstacle = undefined;
  }

  #failed(error: unknown): void {
    const message = messageOf(error);
    if (message !== this.#obstacle)
      this.options.log.warn({ err: error }, 'how far the group has come is not known; asked again');
    this.#obstacle = message;
  }
}

/** Two clients that ask the brokers, for one another. */
class Eyes {
  readonly #admin: KafkaJS.Admin;
  /** It never joins: an admin's own question for a group's commits ends the process where no coordinator is known yet. */
  readonly #consumer: PollingConsumer;

  constructor(private readonly options: KafkaProgressOptions) {
    const { connection, group } = options;
    const { KafkaConsumer, KafkaJS } = loadKafka();
    const settings = connectionSettings(connection, 'halfopen-progress');
    this.#admin = new KafkaJS.Kafka({}).admin(settings);
    this.#consumer = new KafkaConsumer(
      { ...settings, 'group.id': group, 'enable.auto.commit': false },
      {},
    ) as unknown as PollingConsumer;
    this.#consumer.on('event.error', () => undefined); // told by the questions that fail
  }

  async open(signal: AbortSignal): Promise<void> {
    await within(CONNECT_MS_MAX, this.#admin.connect(), signal);
    await connectedPolling(this.#consumer, this.options.connection, { signal });
  }

  /** Of each partition the first offset that is there, and the one behind the last. */
  async reach(signal: AbortSignal): Promise<Map<number, { low: bigint; high: bigint }>> {
    const found = await within(ASK_MS_MAX, this.#admin.fetchTopicOffsets(this.options.topic), signal);
    return new Map(
      found.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]),
    );
  }

  async committed(partitions: readonly number[], signal: AbortSignal): Promise<Map<number, bigint>> {
    const { topic } = this.options;
    const asked = promised<readonly TopicPartition[]>((done) => {
      const all = partitions.map((partition) => ({ topic, partition }));
      this.#consumer.committed(all, ASK_MS_MAX, done);
    });
    const found = await within(2 * ASK_MS_MAX, asked, signal);
    return new Map(
      found.flatMap(({ partition, offset }) => (offset === undefined ? [] : [[partition, BigInt(offset)]])),
    );
  }

  /** Returns at once. */
  close(): void {
    this.#admin.disconnect().catch(() => undefined);
    this.#consumer.disconnect(() => undefined);
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
