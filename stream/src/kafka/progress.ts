import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaJS } from '@confluentinc/kafka-javascript';
import { CONNECT_MS_MAX, loadKafka, messageOf, within } from './client.js';
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
    while (!stopped()) {
      const { Kafka } = loadKafka().KafkaJS;
      const admin = new Kafka({}).admin(connectionSettings(this.options.connection, 'halfopen-progress'));
      try {
        await within(CONNECT_MS_MAX, admin.connect(), signal);
        while (!stopped()) {
          await this.#look(admin);
          await sleep(this.options.periodMs ?? PERIOD_MS, undefined, { signal });
        }
      } catch (error) {
        if (!stopped()) this.#failed(error);
      } finally {
        admin.disconnect().catch(() => undefined);
      }
      await sleep(this.options.periodMs ?? PERIOD_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(admin: KafkaJS.Admin): Promise<void> {
    const { topic, group } = this.options;
    const { signal } = this.#stop;
    // In this order: what comes between the questions makes the answer older, never younger than it is.
    const at_ms = Date.now();
    const reach = await within(ASK_MS_MAX, admin.fetchTopicOffsets(topic), signal);
    const found = await within(ASK_MS_MAX, admin.fetchOffsets({ groupId: group, topics: [topic] }), signal);
    const committed = new Map(
      (found[0]?.partitions ?? []).map(({ partition, offset }) => [partition, BigInt(offset)]),
    );
    const ends = new Map<number, bigint>();
    let pending = 0n;
    for (const { partition, low, high } of reach) {
      ends.set(partition, BigInt(high));
      // Below `low` retention has taken what there was: nobody will store it.
      const at = larger(committed.get(partition) ?? -1n, BigInt(low));
      committed.set(partition, at);
      pending += larger(BigInt(high) - at, 0n);
    }
    this.#watermark.note(at_ms, ends, committed);
    this.#pending = Number(pending);
    if (this.#obstacle !== undefined)
      this.options.log.info({ topic, group }, 'follows how far the group has come');
    this.#obstacle = undefined;
  }

  #failed(error: unknown): void {
    const message = messageOf(error);
    if (message !== this.#obstacle)
      this.options.log.warn({ err: error }, 'how far the group has come is not known; asked again');
    this.#obstacle = message;
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
