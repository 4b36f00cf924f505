import { createHash, timingSafeEqual } from 'node:crypto';
import type { Caller, Refusal } from '@halfopen/clickhouse-http';
import type { Secret } from '@halfopen/notify';

const HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Who may ask, on every port that answers questions. A page in somebody's browser must not ask on his behalf: no foreign
 * origin, no rebound host name; then the token, where one is configured.
 */
export function refusalOf(token: Secret | undefined, { host, origin, secret }: Caller): Refusal | undefined {
  if (token === undefined && !HOSTS.test(host)) return 'foreign-host';
  if (origin !== undefined && origin !== `http://${host}`) return 'foreign-origin';
  if (token === undefined) return undefined;
  if (secret === undefined || secret === '') return 'secret-missing';
  return sameSecret(secret, token.reveal()) ? undefined : 'secret-wrong';
}

/** In a time that tells neither how much of it is right nor how long it is. */
function sameSecret(given: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}
