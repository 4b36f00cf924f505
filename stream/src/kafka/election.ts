import { setTimeout as sleep } from 'node:timers/promises';
import {
  codeOf,
  connectedPolling,
  ERROR,
  loadKafka,
  promised,
  type FetchedMessage,
  type PollingConsumer,
  type TopicPartition,
} from './client.js';
import { connectionSettings, type KafkaConnection, type KafkaLog } from './settings.js';

export interface KafkaElectionOptions {
  readonly connection: KafkaConnection;
  /** Who is assigned its first partition is elected; it needs no other. Nothing is ever in it. */
  readonly topic: string;
  readonly group: string;
  readonly log: KafkaLog;
  /** Told in turns, as they change. It must return at once. */
  readonly onChange: (elected: boolean) => void;
  /**
   * Who is silent for so long is given up, and the next one elected. Brokers take 6 s at least unless told otherwise
   * (`group.min.session.timeout.ms`).
   * @default 6_000
   */
  readonly sessionMs?: number;
  readonly signal?: AbortSignal;
}

export interface KafkaElection {
  elected(): boolean;
  /** Steps down and leaves, so that the next one is elected at once. */
  close(): Promise<void>;
}

const SESSION_MS = 6_000;
const HEARTBEAT_MS = 1_500;
/** An event loop that does not turn for so long does no work that anybody could wait for. */
const POLL_INTERVAL_MS_MAX = 30_000;
const POLL_MS = 100;
const POLL_AGAIN_MS = 500;

/**
 * Joins an election that Kafka holds: of the members of a group one is assigned the only partition. The classic group
 * protocol, since there the member says how long it may be silent; with KIP-848 the brokers do, and their least is 45 s.
 *
 * @throws StreamError if no broker is reached
 */
export async function joinKafkaElection(options: KafkaElectionOptions): Promise<KafkaElection> {
  const election = new Election(options);
  await election.open();
  return election;
}

class Election implements KafkaElection {
  readonly #client: PollingConsumer;
  #elected = false;
  #closed = false;
  #polling: Promise<void> = Promise.resolve();

  constructor(private readonly options: KafkaElectionOptions) {
    const { connection, group, sessionMs = SESSION_MS } = options;
    const { KafkaConsumer } = loadKafka();
    this.#client = new KafkaConsumer(
      {
        ...connectionSettings(connection, 'halfopen-rules'),
        'group.id': group,
        'group.protocol': 'classic',
        // Who is in office stays in office when somebody else joins.
        'partition.assignment.strategy': 'cooperative-sticky',
        'session.timeout.ms': sessionMs,
        'heartbeat.interval.ms': Math.min(HEARTBEAT_MS, Math.floor(sessionMs / 4)),
        'max.poll.interval.ms': Math.max(POLL_INTERVAL_MS_MAX, sessionMs),
        'enable.auto.commit': false,
        rebalance_cb: (event: unknown, partitions: readonly TopicPartition[]) => {
          this.#rebalance(codeOf(event), partitions);
        },
      } as never,
      {},
    ) as unknown as PollingConsumer;
  }

  async open(): Promise<void> {
    const { connection, topic, signal } = this.options;
    this.#client.on('event.error', () => undefined); // librdkafka tries again by itself
    this.#client.setDefaultConsumeTimeout(POLL_MS);
    await connectedPolling(this.#client, connection, { signal });
    this.#client.subscribe([topic]);
    this.#polling = this.#poll();
  }

  elected(): boolean {
    return this.#elected;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#polling;
    this.#change(false);
    await promised((done) => {
      this.#client.disconnect(done);
    });
  }

  /** Nothing comes; but it is how librdkafka learns that we live, and tells who is elected. */
  async #poll(): Promise<void> {
    while (!this.#closed) {
      try {
        await promised<readonly FetchedMessage[]>((done) => {
          this.#client.consume(1, done);
        });
      } catch (error) {
        this.options.log.warn({ err: error }, 'the election could not be followed; tried again');
        await sleep(POLL_AGAIN_MS);
      }
    }
  }

  #rebalance(code: number | undefined, partitions: readonly TopicPartition[]): void {
    const cooperative = this.#client.rebalanceProtocol() === 'COOPERATIVE';
    const decides = partitions.some(({ partition }) => partition === 0);
    if (code === ERROR.assignPartitions) {
      if (cooperative) this.#client.incrementalAssign(partitions);
      else this.#client.assign(partitions);
      if (decides) this.#change(true);
    } else {
      if (decides) this.#change(false);
      if (cooperative) this.#client.incrementalUnassign(partitions);
      else this.#client.unassign();
    }
  }

  #change(elected: boolean): void {
    if (elected === this.#elected) return;
    this.#elected = elected;
    this.options.log.info({ topic: this.options.topic }, elected ? 'elected' : 'not elected any more');
    this.options.onChange(elected);
  }
}
