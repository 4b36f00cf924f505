import type { AddressInfo } from 'node:net';
import { startIngest, type Ingest } from '@halfopen/ingest';
import { batchId } from '@halfopen/otlp';
import { prepareServerStore, type ServerStore } from '@halfopen/store';
import {
  openKafkaConsumer,
  openKafkaDeadLetters,
  type KafkaDeadLetters,
  type KafkaRangeConsumer,
} from '@halfopen/stream';
import fastify, { type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { ClickHouseConfig, KafkaConfig } from '../../config/cluster.js';
import type { Config } from '../../config/load.js';
import { portFailure, urlOf } from '../address.js';
import type { Log } from '../log.js';
import { addIngestMetrics } from '../metrics.js';
import type { PartProcess } from './collector-process.js';
import { needClickHouse, storeOf } from './clickhouse.js';
import { connectionOf, makeDeadLetterTopic, makeTopic, needKafka } from './kafka.js';
import { untilReached } from './until-reached.js';

/**
 * How long behind its intention an insert may begin. Meanwhile others may insert: the engine remembers the tokens of the
 * last 10,000 blocks of a table (ADR 0014).
 */
const INSERT_WITHIN_MS = 60_000;

/** Takes ranges from Kafka, and stores each in a ClickHouse server exactly once. */
export async function startIngestProcess(config: Config, log: Log): Promise<PartProcess> {
  const kafka = needKafka(config, 'ingest');
  const worker = new Worker(kafka, needClickHouse(config, 'ingest'), log);
  const app = health(worker);
  const { host, port } = config.ingest;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw portFailure(cause, 'ingest.port', port);
  }
  worker.start();
  return {
    url: urlOf(host, app.server.address() as AddressInfo),
    async close() {
      await worker.close();
      await app.close();
    },
  };
}

/** Its work begins when both servers are reached; until then it says in `/readyz` which one is not. */
class Worker {
  readonly #store: ServerStore;
  #consumer: KafkaRangeConsumer | undefined;
  #deadLetters: KafkaDeadLetters | undefined;
  #ingest: Ingest | undefined;
  #obstacle = 'starting';
  readonly #stop = new AbortController();
  #opening: Promise<void> = Promise.resolve();

  constructor(
    private readonly kafka: KafkaConfig,
    clickhouse: ClickHouseConfig,
    private readonly log: Log,
  ) {
    this.#store = storeOf(clickhouse);
  }

  get parts(): { readonly ingest: Ingest; readonly consumer: KafkaRangeConsumer } | undefined {
    const [ingest, consumer] = [this.#ingest, this.#consumer];
    return ingest === undefined || consumer === undefined ? undefined : { ingest, consumer };
  }

  /** Why it does not work; empty when it does. */
  obstacles(): string[] {
    if (this.#ingest === undefined) return [this.#obstacle];
    const status = this.#ingest.status();
    if (status.state === 'running') return [];
    return status.state === 'stopped'
      ? ['storing has stopped']
      : [`storing has failed since ${new Date(status.sinceMs).toISOString()}: ${status.lastError}`];
  }

  start(): void {
    this.#opening = this.#open();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#opening;
    await this.#ingest?.stop();
    await this.#consumer?.close();
    await this.#deadLetters?.close();
    await this.#store.close();
  }

  async #open(): Promise<void> {
    const { kafka, log } = this;
    const { signal } = this.#stop;
    const reached = <T>(what: string, open: () => Promise<T>) =>
      untilReached(what, open, { log, signal, obstacle: (message) => (this.#obstacle = message) });
    const prepared = await reached('the ClickHouse server', async () => {
      await prepareServerStore(this.#store);
      return true;
    });
    if (prepared === undefined) return;
    const connection = connectionOf(kafka);
    this.#deadLetters = await reached('Kafka', async () => {
      await makeTopic(kafka, log, signal);
      await makeDeadLetterTopic(kafka, log, signal);
      return openKafkaDeadLetters({ connection, topic: kafka.deadLetterTopic, log, signal });
    });
    const deadLetters = this.#deadLetters;
    if (deadLetters === undefined) return;
    this.#consumer = await reached('Kafka', async () => {
      const { topic, group } = kafka;
      return openKafkaConsumer({ connection, topic, group, batchIdOf: batchId, log, signal });
    });
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    this.#ingest = startIngest({
      consumer,
      store: this.#store,
      deadLetters,
      log,
      insertWithinMs: INSERT_WITHIN_MS,
    });
  }
}

function health(worker: Worker): FastifyInstance {
  const app = fastify({ requestTimeout: 10_000, connectionTimeout: 30_000 });
  const registry = new Registry();
  addIngestMetrics(registry, () => worker.parts);
  app.get('/healthz', () => ({ status: 'up' }));
  app.get('/readyz', (_request, reply) => {
    const reasons = worker.obstacles();
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  return app;
}
