import type { PollingConsumer, TopicPartition } from './client.js';
import type { KafkaConsumerLimits } from './limits.js';
import { Partition } from './partition.js';

/** A call of `consume` takes no more, however small messages are. */
const POLL_MESSAGES_MAX = 1_000;
/** The average size moves as if it were one of so many. */
const MESSAGES_REMEMBERED = 16;
/** Before any has come, as large as they may be. */
const MESSAGE_BYTES_ASSUMED = 1_000_000;

/** The partitions that this consumer has, and what keeps their records within bounds. */
export class Assignment {
  readonly #partitions = new Map<number, Partition>();
  /** Of which librdkafka fetches nothing for now. */
  readonly #paused = new Set<number>();
  #messageBytes = MESSAGE_BYTES_ASSUMED;

  constructor(
    private readonly client: Pick<PollingConsumer, 'pause' | 'resume'>,
    private readonly limits: KafkaConsumerLimits,
  ) {}

  get size(): number {
    return this.#partitions.size;
  }

  get(partition: number): Partition | undefined {
    return this.#partitions.get(partition);
  }

  all(): Partition[] {
    return [...this.#partitions.values()];
  }

  assign(given: readonly TopicPartition[]): Partition[] {
    const partitions = given.map(({ topic, partition }) => new Partition(topic, partition));
    for (const partition of partitions) this.#partitions.set(partition.partition, partition);
    return partitions;
  }

  /** Before librdkafka is told: it keeps a pause over assignments, and what came back would never be fetched again. */
  revoke(taken: readonly TopicPartition[]): void {
    const paused = taken.filter(({ partition }) => this.#paused.has(partition));
    if (paused.length > 0) this.client.resume(paused);
    for (const { partition } of taken) this.forget(partition);
  }

  /** Of a consumer that closes, too. */
  forget(partition: number): void {
    this.#partitions.get(partition)?.revoke();
    this.#partitions.delete(partition);
    this.#paused.delete(partition);
  }

  /** Partitions take turns: of those with a range to hand out the first behind the last one that was taken. */
  ready(now_ms: number, lastTaken: number): Partition | undefined {
    const ready = this.all()
      .filter((partition) => partition.isReady(now_ms, this.limits))
      .sort((a, b) => a.partition - b.partition);
    return ready.find(({ partition }) => partition > lastTaken) ?? ready[0];
  }

  noteSize(bytes: number): void {
    this.#messageBytes += (Math.max(1, bytes) - this.#messageBytes) / MESSAGES_REMEMBERED;
  }

  /** As many as fit beside what is here, going by the size of those that came last; one at least, to be told of rebalances. */
  messagesToTake(): number {
    const room = this.limits.pendingBytesMax - this.#pendingBytes();
    return Math.max(1, Math.min(POLL_MESSAGES_MAX, Math.floor(room / this.#messageBytes)));
  }

  /** A partition whose replay is not here in full goes on whatever waits elsewhere: nothing of it moves before. */
  fetchWithinBounds(): void {
    const full = this.#pendingBytes() >= this.limits.pendingBytesMax;
    const isHeldUp = (one: Partition) => full && !one.awaitsReplay;
    const all = this.all();
    const pause = all.filter((one) => isHeldUp(one) && !this.#paused.has(one.partition));
    const resume = all.filter((one) => !isHeldUp(one) && this.#paused.has(one.partition));
    if (pause.length > 0) this.client.pause(pause.map(nameOf));
    if (resume.length > 0) this.client.resume(resume.map(nameOf));
    for (const { partition } of pause) this.#paused.add(partition);
    for (const { partition } of resume) this.#paused.delete(partition);
  }

  #pendingBytes(): number {
    return this.all().reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

function nameOf({ topic, partition }: Partition): TopicPartition {
  return { topic, partition };
}
