import type { Caller, Refusal } from '@halfopen/clickhouse-http';
import type { Secret } from '@halfopen/notify';
import { isOwnOrigin, isThisHost, sameSecret } from './credentials.js';

/**
 * Who may ask on the port for SQL. A page in somebody's browser must not ask on his behalf: no foreign origin, no rebound
 * host name; then the token, where one is configured.
 */
export function refusalOf(token: Secret | undefined, { host, origin, secret }: Caller): Refusal | undefined {
  if (token === undefined && !isThisHost(host)) return 'foreign-host';
  if (origin !== undefined && !isOwnOrigin(origin, host)) return 'foreign-origin';
  if (token === undefined) return undefined;
  if (secret === undefined || secret === '') return 'secret-missing';
  return sameSecret(secret, token.reveal()) ? undefined : 'secret-wrong';
}
