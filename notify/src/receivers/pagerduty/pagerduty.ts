import { SYSTEM_CLOCK, type Clock } from '../../clock.js';
import type { Secret } from '../../secret.js';
import { post, type Meaning } from '../http.js';
import type { Receiver } from '../receiver.js';
import { eventBody, type LinkBases } from './event.js';

export interface PagerDutyOptions {
  readonly name: string;
  /** The integration key of a service, or of an event orchestration. */
  readonly routingKey: Secret;
  /** @default PAGERDUTY_URL */
  readonly url?: string;
  readonly links?: LinkBases;
  readonly clock?: Clock;
}

export const PAGERDUTY_URL = 'https://events.pagerduty.com';

/** PagerDuty throttles a key at about 120 events a minute: in any minute no more than a full bucket and its refill. */
const RATE_LIMIT = { burst: 20, perMinute: 100 } as const;

const TIMEOUT_MS = 10_000;

/** Events API v2. */
export function pagerDuty(options: PagerDutyOptions): Receiver {
  const { name, routingKey, url = PAGERDUTY_URL, links = {}, clock = SYSTEM_CLOCK } = options;
  const endpoint = new URL('/v2/enqueue', url).href;
  return {
    name,
    kind: 'pagerduty',
    rateLimit: RATE_LIMIT,
    rateKey: `${endpoint} ${routingKey.reveal()}`,
    deliver: (notification, signal) =>
      post(
        {
          url: endpoint,
          headers: {},
          body: eventBody(notification, routingKey, links),
          secrets: [routingKey],
          signal,
          timeout_ms: TIMEOUT_MS,
          now: () => clock.now(),
        },
        meaningOf,
      ),
  };
}

/**
 * Its documented answers: 202 taken, 400 never, 429 slower, 5xx later. Any other is not its own but of something in
 * between (a proxy's page, a wrong address), which may be mended while the event waits.
 */
function meaningOf(status: number): Meaning {
  if (status === 202) return 'delivered';
  if (status === 400) return 'refused';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'server-error' : 'unexpected-answer';
}
