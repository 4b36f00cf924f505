import { Refusal } from './refusal.js';

export const TRACES_PATH = '/v1/traces';

/** What can be asked of each path. */
const methods: Readonly<Record<string, string>> = {
  [TRACES_PATH]: 'POST',
  '/healthz': 'GET, HEAD',
  '/readyz': 'GET, HEAD',
  '/metrics': 'GET, HEAD',
};

const otherSignals = new Set(['/v1/logs', '/v1/metrics', '/v1development/profiles']);

/** Why a request that no route takes is refused: wrong method, a signal not taken, or nothing there. */
export function unmatched(method: string, url: string): Refusal {
  const path = url.split('?', 1)[0] ?? url;
  const allow = Object.hasOwn(methods, path) ? methods[path] : undefined;
  if (allow !== undefined) {
    return new Refusal('method-not-allowed', `${method} is not for ${path}, use ${allow}`, { allow });
  }
  const what = otherSignals.has(path) ? 'only traces are taken here' : 'there is nothing here';
  return new Refusal('not-found', `${what}: spans go to POST ${TRACES_PATH}`);
}
