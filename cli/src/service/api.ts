import { addConsole, secureHeaders } from '@halfopen/console';
import { backtest, explain, type RunningRules } from '@halfopen/rules';
import { PeopleSqlError, StoreError, type PeopleSql, type PeopleStore } from '@halfopen/store';
import { StreamError, type DeadLetterDesk } from '@halfopen/stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { Config } from '../config/load.js';
import { Failure } from '../failure.js';
import { addDeadLetters } from './dead-letters-api.js';
import { addIncidents, listIncidents } from './incidents-api.js';
import type { IncidentLinks } from './links.js';
import { valid } from './request.js';
import { CHANNEL_CHARS_MAX, lastInstant, parseInstant, STEPS_MAX } from '../instant.js';
import { addGuard } from './guard.js';
import type { Log } from './log.js';
import { addRules } from './rules-api.js';
import type { RuleShelf } from './rule-shelf.js';

export interface ApiParts {
  readonly config: Config;
  readonly store: PeopleStore;
  readonly people: PeopleSql;
  /** Undefined until the store is reached. */
  readonly shelf: () => RuleShelf | undefined;
  readonly incidents: RunningRules['incidents'];
  readonly links: IncidentLinks;
  /** Of this process; across machines the command goes to their topic itself. */
  readonly deadLetters?: DeadLetterDesk;
  readonly onResponse: () => void;
  readonly registry: Registry;
  readonly log: Log;
  /** Where telemetry is taken, once it is. */
  readonly collectorUrl: () => string | undefined;
  /** Empty when requests have a chance; else why not. */
  readonly notReady: () => string[];
  /** Why no question can be answered yet; undefined when it can. */
  readonly opening?: () => string | undefined;
  /** Where one of several judges: whether this one does. */
  readonly role?: () => 'active' | 'standby';
}

const BODY_BYTES_MAX = 1_048_576;

/** Backtests are heavy: one at a time. */
const BACKTESTS_MAX = 1;

const VERSION = '0.1.0';

/** The HTTP API: incidents for programs, the console for people, and what the other commands need while this process owns the data. */
export function createApi(parts: ApiParts): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: CHANNEL_CHARS_MAX },
  });
  app.addHook('onRequest', async (_request, reply) => {
    secureHeaders(reply);
  });
  addGuard(app, parts.config);
  if (parts.opening !== undefined) addPatience(app, parts.opening);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: `nothing is at ${request.method} ${request.url.split('?')[0] ?? ''}; see /api/v1/incidents`,
    }),
  );
  addProbes(app, parts);
  addIncidents(app, parts);
  addQuestions(app, parts);
  addRules(app, parts.shelf);
  if (parts.deadLetters !== undefined) addDeadLetters(app, parts.deadLetters);
  app.register((console) =>
    addConsole(console, {
      store: parts.store,
      firing: () => listIncidents(parts, 'firing'),
      links: {
        collectorUrl: parts.collectorUrl,
        ...(parts.config.grafana === undefined ? {} : { grafanaUrl: parts.config.grafana.url }),
      },
      version: VERSION,
      failed: (error) => {
        parts.log.error({ err: error }, 'the console could not read the fleet; it tries again');
      },
    }),
  );
  return app;
}

const RETRY_AFTER_S = 5;

/** Pages and probes are there from the start, answers when the store is. */
function addPatience(app: FastifyInstance, opening: () => string | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    const why = request.url.startsWith('/api/') ? opening() : undefined;
    if (why !== undefined)
      await reply
        .code(503)
        .header('Retry-After', String(RETRY_AFTER_S))
        .send({ error: `not ready: ${why}` });
  });
}

function addProbes(app: FastifyInstance, parts: ApiParts): void {
  app.get('/healthz', () => ({ status: 'up' }));
  app.get('/readyz', (_request, reply) => {
    const reasons = parts.notReady();
    const role = parts.role?.();
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .send({ ready: reasons.length === 0, reasons, ...(role === undefined ? {} : { role }) });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(parts.registry.contentType).send(await parts.registry.metrics()),
  );
}

const explainQuery = z.strictObject({
  channel: z.string().min(1).max(CHANNEL_CHARS_MAX),
  at: z.string().optional(),
});
const sqlBody = z.strictObject({ query: z.string(), format: z.string().max(64).optional() });
const backtestBody = z.strictObject({
  fromMs: z.number(),
  toMs: z.number(),
  stepMs: z.number().int().min(1000),
});

function addQuestions(app: FastifyInstance, parts: ApiParts): void {
  app.get('/api/v1/explain', async (request) => {
    const { channel, at } = valid(explainQuery, request.query);
    return explain(
      parts.store,
      channel,
      at === undefined ? await lastInstant(parts.store, channel) : parseInstant(at, 'at'),
      parts.shelf()?.book(),
    );
  });
  app.post('/api/v1/sql', async (request, reply) => {
    const { query, format } = valid(sqlBody, request.body);
    const stop = new AbortController();
    reply.raw.once('close', () => {
      stop.abort();
    });
    const answer = await parts.people.query(query, {
      signal: stop.signal,
      ...(format === undefined ? {} : { format }),
    });
    return reply.type('application/octet-stream').send(Buffer.from(answer.bytes));
  });
  let backtests = 0;
  app.post('/api/v1/backtest', async (request, reply) => {
    const { fromMs, toMs, stepMs } = valid(backtestBody, request.body);
    if ((toMs - fromMs) / stepMs > STEPS_MAX)
      throw new Failure(`a backtest takes at most ${STEPS_MAX} steps: use a larger step or a shorter time`);
    if (backtests >= BACKTESTS_MAX)
      return reply
        .code(429)
        .header('Retry-After', '10')
        .send({ error: 'a backtest is running; try again when it has ended' });
    backtests++;
    try {
      return { incidents: await backtest(parts.store, { fromMs, toMs, stepMs }, parts.shelf()?.book()) };
    } finally {
      backtests--;
    }
  });
}

function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Failure) return reply.code(400).send({ error: error.message });
  if (error instanceof PeopleSqlError) {
    const away = error.code === 'closed' || error.code === 'unavailable';
    const status = error.code === 'busy' ? 429 : away ? 503 : 400;
    return reply.code(status).send({ error: error.message, code: error.code });
  }
  if (error instanceof StreamError || (error instanceof StoreError && error.code === 'unavailable'))
    return reply.code(503).header('Retry-After', String(RETRY_AFTER_S)).send({ error: error.message });
  const { statusCode = 500, message = 'unknown error' } = error as { statusCode?: number; message?: string };
  return reply.code(statusCode).send({ error: message });
}
