import { isPage } from '@halfopen/console';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Config } from '../config/load.js';
import { isOwnOrigin, isThisHost, sameSecret } from './credentials.js';
import { SESSION_MS_MAX, Sessions, WrongTokens } from './sessions.js';

/** Without a token: they tell nothing of the fleet's data. */
const PUBLIC = new Set(['/healthz', '/readyz', '/metrics', '/favicon.ico']);
const SESSION = '/api/v1/session';
const COOKIE = 'halfopen_session';
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Who may ask what. Programs send the token; browsers sign in with it once and hold a session, in a cookie that no script
 * reads and no other site sends. Without a configured token (loopback only) the host name and the origin are what is asked.
 */
export function addGuard(app: FastifyInstance, config: Config): void {
  const guard = new Guard(config);
  app.addHook('onRequest', async (request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    if (PUBLIC.has(path)) return;
    const refusal = guard.refusalOfPlace(request, isPage(path)) ?? guard.refusalOfPerson(request, path);
    if (refusal === undefined) return;
    const { status, error, headers = {} } = refusal;
    await reply.code(status).headers(headers).send({ error });
  });
  addSessionRoutes(app, config, guard);
}

interface Refusal {
  readonly status: 401 | 403 | 429;
  readonly error: string;
  readonly headers?: Readonly<Record<string, string>>;
}

class Guard {
  readonly sessions = new Sessions();
  readonly #wrong = new WrongTokens();

  constructor(private readonly config: Config) {}

  /** A page in somebody's browser must not ask on his behalf: no rebound host name, no foreign page. */
  refusalOfPlace({ method, headers }: FastifyRequest, page: boolean): Refusal | undefined {
    const { host = '', origin } = headers;
    if (this.config.token === undefined && !isThisHost(host))
      return { status: 403, error: `host ${host} is not this one: use http://127.0.0.1` };
    if (origin !== undefined && !isOwnOrigin(origin, host))
      return { status: 403, error: 'requests from pages of other origins are refused' };
    // Browsers say where a request comes from; links from elsewhere may lead here, to read.
    const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
    const foreign = site !== undefined && site !== 'same-origin' && site !== 'none';
    if (foreign && !page && !(mode === 'navigate' && READS.has(method)))
      return { status: 403, error: 'requests from pages of other origins are refused' };
    return undefined;
  }

  refusalOfPerson(request: FastifyRequest, path: string): Refusal | undefined {
    if (this.config.token === undefined || path === SESSION || isPage(path)) return undefined;
    if (this.isSignedIn(request)) return changesFromNowhere(request);
    const { authorization } = request.headers;
    if (authorization === undefined) return UNKNOWN;
    return this.refusalOfToken(request, authorization.replace(/^Bearer /i, ''));
  }

  /** Compares, unless too much has been guessed from there. */
  refusalOfToken(request: FastifyRequest, given: string): Refusal | undefined {
    const wait_s = this.#wrong.waitS(request.ip);
    if (wait_s > 0)
      return {
        status: 429,
        error: `too many wrong tokens from ${request.ip}; try again in ${wait_s} s`,
        headers: { 'retry-after': String(wait_s) },
      };
    if (this.config.token !== undefined && sameSecret(given, this.config.token.reveal())) return undefined;
    this.#wrong.add(request.ip);
    return UNKNOWN;
  }

  isSignedIn(request: FastifyRequest): boolean {
    const id = sessionId(request);
    return id !== undefined && this.sessions.isOpen(id);
  }
}

const UNKNOWN: Refusal = {
  status: 401,
  error: 'send the token as Authorization: Bearer ...',
  headers: { 'www-authenticate': 'Bearer' },
};

/** A cookie goes along by itself: what changes something must say that it comes from a page of ours. */
function changesFromNowhere({ method, headers }: FastifyRequest): Refusal | undefined {
  if (READS.has(method) || headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin')
    return undefined;
  return { status: 403, error: 'with a session, changes need an Origin header: send the token instead' };
}

const signIn = z.strictObject({ token: z.string().max(4096) });

function addSessionRoutes(app: FastifyInstance, config: Config, guard: Guard): void {
  app.get(SESSION, (request) => ({
    token_required: config.token !== undefined,
    signed_in: config.token === undefined || guard.isSignedIn(request),
  }));
  app.post(SESSION, { bodyLimit: 16_384 }, async (request, reply) => {
    const body = signIn.safeParse(request.body);
    if (!body.success) return reply.code(400).send({ error: 'token: expected a text' });
    if (config.token === undefined) return { token_required: false, signed_in: true };
    const refusal = guard.refusalOfToken(request, body.data.token);
    if (refusal !== undefined)
      return reply
        .code(refusal.status)
        .headers(refusal.status === 429 ? (refusal.headers ?? {}) : {})
        .send({ error: refusal.status === 401 ? 'this is not the token' : refusal.error });
    return reply
      .header('set-cookie', cookie(request, guard.sessions.open(), SESSION_MS_MAX / 1000))
      .send({ token_required: true, signed_in: true });
  });
  app.delete(SESSION, (request, reply) => {
    const id = sessionId(request);
    if (id !== undefined) guard.sessions.close(id);
    return reply.header('set-cookie', cookie(request, '', 0)).send({ signed_in: false });
  });
}

/**
 * Secure where the browser itself says that its page came by https: its Origin header cannot be forged by a page. What a
 * proxy claims (X-Forwarded-Proto) is not asked, for anybody can send that.
 */
function cookie({ headers }: FastifyRequest, value: string, seconds: number): string {
  const secure = headers.origin?.startsWith('https://') === true ? '; Secure' : '';
  return `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

function sessionId({ headers }: FastifyRequest): string | undefined {
  const prefix = `${COOKIE}=`;
  const pair = (headers.cookie ?? '').split(';').map((part) => part.trim());
  return pair.find((part) => part.startsWith(prefix))?.slice(prefix.length);
}
