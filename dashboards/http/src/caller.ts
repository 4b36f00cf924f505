import type { IncomingMessage } from 'node:http';
import { ClickHouseException } from './exceptions.js';

/** Who asks, as far as a guard needs to know. */
export interface Caller {
  /** The Host header. */
  readonly host: string;
  readonly origin: string | undefined;
  /** The password, or the bearer token. */
  readonly secret: string | undefined;
}

export type Refusal = 'foreign-host' | 'foreign-origin' | 'secret-missing' | 'secret-wrong';

/** May the caller ask? Whoever runs this server knows. */
export type Guard = (caller: Caller) => Refusal | undefined;

/**
 * A password may come in a header of ClickHouse's, in one of HTTP's, or in the URL, in this order. The user's name says
 * nothing: there is one kind of user.
 */
export function callerOf(request: IncomingMessage, query: URLSearchParams): Caller {
  const { host = '', origin, authorization } = request.headers;
  const secret =
    header(request, 'x-clickhouse-key') ??
    (authorization === undefined ? undefined : ofAuthorization(authorization)) ??
    query.get('password') ??
    undefined;
  return { host, origin, secret };
}

function ofAuthorization(value: string): string | undefined {
  const [, scheme = '', credentials = ''] = /^(\S+) +(.*)$/.exec(value) ?? [];
  if (/^bearer$/i.test(scheme)) return credentials;
  if (!/^basic$/i.test(scheme)) return undefined;
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : decoded.slice(colon + 1);
}

/** @throws ClickHouseException unless the guard lets the caller pass */
export function admitCaller(guard: Guard, request: IncomingMessage, query: URLSearchParams): void {
  const site = header(request, 'sec-fetch-site');
  // A picture's address in a foreign page needs no Origin to keep the engine busy.
  if (site === 'cross-site') throw refused('foreign-origin');
  const refusal = guard(callerOf(request, query));
  if (refusal !== undefined) throw refused(refusal);
}

function refused(refusal: Refusal): ClickHouseException {
  switch (refusal) {
    case 'secret-missing':
      return new ClickHouseException(
        'REQUIRED_PASSWORD',
        'a password is needed: the token of the configuration, with any user name',
      );
    case 'secret-wrong':
      return new ClickHouseException(
        'AUTHENTICATION_FAILED',
        'the password is not the token of the configuration',
      );
    case 'foreign-host':
      return new ClickHouseException('ACCESS_DENIED', 'without a token, ask http://127.0.0.1 or localhost');
    case 'foreign-origin':
      return new ClickHouseException('ACCESS_DENIED', 'requests from pages of other origins are refused');
  }
}

export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
