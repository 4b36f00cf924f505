import { INCIDENT_STATUSES, type IncidentStatus } from '@halfopen/telemetry';
import { backtest, explain, type RunningRules } from '@halfopen/rules';
import { PeopleSqlError, type EmbeddedStore, type PeopleSql } from '@halfopen/store';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { Config } from '../config/load.js';
import { Failure } from '../failure.js';
import { CHANNEL_CHARS_MAX, lastInstant, parseInstant, STEPS_MAX } from '../instant.js';
import { refusalOf } from './guard.js';

export interface ApiParts {
  readonly config: Config;
  readonly store: EmbeddedStore;
  readonly people: PeopleSql;
  readonly rules: RunningRules;
  readonly registry: Registry;
  /** Empty when requests have a chance; else why not. */
  readonly notReady: () => string[];
}

const BODY_BYTES_MAX = 1_048_576;

/** Backtests are heavy: one at a time. */
const BACKTESTS_MAX = 1;

/** The HTTP API: incidents for programs, and what the other commands need while this process owns the data. */
export function createApi(parts: ApiParts): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!PUBLIC.has(request.url.split('?')[0] ?? '')) await guard(parts.config, request, reply);
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: `nothing is at ${request.method} ${request.url.split('?')[0] ?? ''}; see /api/v1/incidents`,
    }),
  );
  addProbes(app, parts);
  addQuestions(app, parts);
  return app;
}

/** Without a token: they tell nothing of the fleet's data. */
const PUBLIC = new Set(['/healthz', '/readyz', '/metrics']);

function addProbes(app: FastifyInstance, parts: ApiParts): void {
  app.get('/healthz', () => ({ status: 'up' }));
  app.get('/readyz', (_request, reply) => {
    const reasons = parts.notReady();
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(parts.registry.contentType).send(await parts.registry.metrics()),
  );
}

const incidentsQuery = z.strictObject({ status: z.enum([...INCIDENT_STATUSES, 'all']).default('all') });
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
  app.get('/api/v1/incidents', async (request) => {
    const { status } = valid(incidentsQuery, request.query);
    return { incidents: await parts.rules.incidents(status satisfies IncidentStatus | 'all') };
  });
  app.get('/api/v1/explain', async (request) => {
    const { channel, at } = valid(explainQuery, request.query);
    return explain(
      parts.store,
      channel,
      at === undefined ? await lastInstant(parts.store, channel) : parseInstant(at, 'at'),
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
      return { incidents: await backtest(parts.store, { fromMs, toMs, stepMs }) };
    } finally {
      backtests--;
    }
  });
}

function valid<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw new Failure(
    parsed.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`).join('; '),
  );
}

async function guard(config: Config, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { host = '', origin, authorization = '' } = request.headers;
  switch (refusalOf(config.token, { host, origin, secret: /^Bearer (.*)$/.exec(authorization)?.[1] })) {
    case 'foreign-host':
      await reply.code(403).send({ error: `host ${host} is not this one: use http://127.0.0.1` });
      break;
    case 'foreign-origin':
      await reply.code(403).send({ error: 'requests from pages of other origins are refused' });
      break;
    case 'secret-missing':
    case 'secret-wrong':
      await reply
        .code(401)
        .header('WWW-Authenticate', 'Bearer')
        .send({ error: 'send the token as Authorization: Bearer ...' });
      break;
    case undefined:
  }
}

function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Failure) return reply.code(400).send({ error: error.message });
  if (error instanceof PeopleSqlError) {
    const status = error.code === 'busy' ? 429 : error.code === 'closed' ? 503 : 400;
    return reply.code(status).send({ error: error.message, code: error.code });
  }
  const { statusCode = 500, message = 'unknown error' } = error as { statusCode?: number; message?: string };
  return reply.code(statusCode).send({ error: message });
}
