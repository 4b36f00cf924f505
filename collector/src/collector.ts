import type { AddressInfo } from 'node:net';
import type { StreamProducer } from '@halfopen/stream';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { Admission } from './admission.js';
import { sendRefusal } from './answer.js';
import { ByteBudget } from './budget.js';
import { CollectorError, resolveConfig, type CollectorConfig } from './config.js';
import { addHealthRoutes, type Readiness } from './health.js';
import { httpServer } from './http.js';
import { TraceIntake } from './intake.js';
import { CollectorMetrics } from './metrics.js';
import { addTracesRoute } from './traces.js';

export interface CollectorParts {
  readonly producer: StreamProducer;
  /** Asked at each `/readyz`. */
  readonly ready: () => Readiness;
  readonly config?: Partial<CollectorConfig>;
  /** Where `/metrics` reads; the collector adds its own. @default a new one */
  readonly registry?: Registry;
  /** @default none */
  readonly logger?: FastifyBaseLogger;
}

export interface Collector {
  /** Resolves when requests are taken. Throws CollectorError `cannot-listen`. */
  listen(): Promise<AddressInfo>;
  /** Where it listens; undefined before and after. */
  readonly address: AddressInfo | undefined;
  /** Takes no more requests, answers those under way for `closeTimeoutMs` at most, and closes all connections. */
  close(): Promise<void>;
}

/** @throws CollectorError `bad-config` or `open-to-all` */
export function createCollector(parts: CollectorParts): Collector {
  const config = resolveConfig(parts.config ?? {});
  const registry = parts.registry ?? new Registry();
  const budget = new ByteBudget(config.inFlightBytesMax);
  const metrics = new CollectorMetrics(registry, budget);
  const admission = new Admission(budget, config.admittedBytesMax, config.admissionTimeoutMs);
  const intake = new TraceIntake(parts.producer, config, budget, admission, metrics);
  const app = httpServer(config, parts.logger, (error, request, reply) => {
    sendRefusal(error, request, reply, metrics);
  });
  let closing = false;

  addTracesRoute(app, { bearerToken: config.bearerToken, intake, metrics, isClosing: () => closing });
  const own = (): Readiness =>
    closing ? { ready: false, reason: 'the collector is closing' } : { ready: true };
  addHealthRoutes(app, () => [own(), parts.ready()], registry);

  return {
    get address() {
      return addressOf(app);
    },
    async listen() {
      const { host, port } = config;
      try {
        await app.listen({ host, port });
        return listeningOn(app);
      } catch (cause) {
        throw cannotListen(config, cause);
      }
    },
    async close() {
      closing = true;
      const timer = setTimeout(() => {
        app.server.closeAllConnections();
      }, config.closeTimeoutMs);
      await app.close();
      clearTimeout(timer);
    },
  };
}

function addressOf(app: FastifyInstance): AddressInfo | undefined {
  const address = app.server.address();
  return typeof address === 'object' ? (address ?? undefined) : undefined;
}

function listeningOn(app: FastifyInstance): AddressInfo {
  const address = addressOf(app);
  if (address === undefined) throw new Error('it listens on no address');
  return address;
}

function cannotListen({ host, port }: CollectorConfig, cause: unknown): CollectorError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `the collector cannot listen on ${host}:${port}: ${reason}. Free it, or set collector.port`;
  return new CollectorError('cannot-listen', message, { cause });
}
