import { ensureTopic, joinKafkaElection, type KafkaElection } from '@halfopen/stream';
import type { KafkaConfig } from '../../config/cluster.js';
import type { Log } from '../log.js';
import { connectionOf } from './kafka.js';
import type { Office } from './office.js';
import { untilReached } from './until-reached.js';

/** The election's topic is empty and keeps nothing; brokers want a time all the same. */
const RETENTION_MS = 3_600_000;

/** Stands for election once Kafka is reached, and tells the office of each outcome. */
export class Candidacy {
  #obstacle: string | undefined = 'Kafka is not reached yet';
  #election: KafkaElection | undefined;
  #standing: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(
    private readonly kafka: KafkaConfig,
    private readonly office: Office,
    private readonly log: Log,
  ) {}

  /** Why it does not stand; undefined when it does. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  start(): void {
    this.#standing = this.#stand();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#standing;
    await this.#election?.close();
  }

  async #stand(): Promise<void> {
    const { kafka, log, office } = this;
    const { signal } = this.#stop;
    const connection = connectionOf(kafka);
    const topic = kafka.rulesTopic;
    const join = async (): Promise<KafkaElection> => {
      const options = { topic, partitions: 1, replicas: kafka.replicas, retentionMs: RETENTION_MS };
      if (await ensureTopic(connection, { ...options, signal })) log.info(options, 'made the topic');
      const onChange = (elected: boolean) => {
        office.elected(elected);
      };
      return joinKafkaElection({ connection, topic, group: topic, log, signal, onChange });
    };
    this.#election = await untilReached('Kafka', join, {
      log,
      signal,
      obstacle: (message) => (this.#obstacle = message),
    });
    if (this.#election !== undefined) this.#obstacle = undefined;
  }
}
