import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startIngest, type Ingest } from '@halfopen/ingest';
import { batchId } from '@halfopen/otlp';
import { installSignals } from '@halfopen/rules';
import { openServerStore, type ServerStore } from '@halfopen/store';
import { openKafkaConsumer, type KafkaRangeConsumer } from '@halfopen/stream';
import fastify, { type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { ClickHouseConfig, KafkaConfig } from '../../config/cluster.js';
import type { Config } from '../../config/load.js';
import { Failure } from '../../failure.js';
import { portFailure, urlOf } from '../address.js';
import type { Log } from '../log.js';
import { addIngestMetrics } from '../metrics.js';
import type { PartProcess } from './collector-process.js';
import { connectionOf, makeTopic, needKafka, unlessStopped } from './kafka.js';

/**
 * How long behind its intention an insert may begin. Meanwhile others may insert: the engine remembers the tokens of the
 * last 10,000 blocks of a table (ADR 0014).
 */
const INSERT_WITHIN_MS = 60_000;
const AGAIN_MS = 2_000;

/** Takes ranges from Kafka, and stores each in a ClickHouse server exactly once. */
export async function startIngestProcess(config: Config, log: Log): Promise<PartProcess> {
  const kafka = needKafka(config, 'ingest');
  if (config.clickhouse === undefined)
    throw new Failure(
      'halfopen ingest stores in a ClickHouse server: configure it, for example clickhouse: { url: http://clickhouse:8123 }',
      2,
    );
  const worker = new Worker(kafka, config.clickhouse, log);
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
  #store: ServerStore | undefined;
  #consumer: KafkaRangeConsumer | undefined;
  #ingest: Ingest | undefined;
  #obstacle = 'starting';
  readonly #stop = new AbortController();
  #opening: Promise<void> = Promise.resolve();

  constructor(
    private readonly kafka: KafkaConfig,
    private readonly clickhouse: ClickHouseConfig,
    private readonly log: Log,
  ) {}

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
    await this.#store?.close();
  }

  async #open(): Promise<void> {
    const { kafka, clickhouse, log } = this;
    const { password, ...server } = clickhouse;
    const store = await this.#untilReached('the ClickHouse server', async () => {
      const { url, username, database, caFile } = server;
      const opened = await openServerStore({
        url,
        username,
        database,
        ...(password === undefined ? {} : { password: password.reveal() }),
        ...(caFile === undefined ? {} : { caFile }),
      });
      try {
        await installSignals(opened);
        return opened;
      } catch (error) {
        await opened.close();
        throw error;
      }
    });
    this.#store = store;
    if (store === undefined) return;
    const consumer = await this.#untilReached('Kafka', async () => {
      await makeTopic(kafka, log);
      const { topic, group } = kafka;
      return openKafkaConsumer({ connection: connectionOf(kafka), topic, group, batchIdOf: batchId, log });
    });
    this.#consumer = consumer;
    if (consumer === undefined) return;
    this.#ingest = startIngest({ consumer, store, log, insertWithinMs: INSERT_WITHIN_MS });
  }

  /** @returns undefined when told to stop before */
  async #untilReached<T extends { close(): Promise<void> }>(
    what: string,
    open: () => Promise<T>,
  ): Promise<T | undefined> {
    while (!this.#stop.signal.aborted) {
      try {
        return await unlessStopped(open(), this.#stop.signal);
      } catch (error) {
        const message = `${what} is not reached: ${error instanceof Error ? error.message : String(error)}`;
        if (message !== this.#obstacle) this.log.warn({ err: error }, `${what} is not reached; tried again`);
        this.#obstacle = message;
        await sleep(AGAIN_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
    return undefined;
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
