import { SYSTEM_CLOCK, type Clock } from '../../clock.js';
import type { Secret } from '../../secret.js';
import { fit, toJson } from '../fit.js';
import { post, type Meaning } from '../http.js';
import type { Notification, Receiver } from '../receiver.js';
import { signatureHeaders } from './signature.js';

export interface WebhookOptions {
  readonly name: string;
  /** A secret too: many services put a key into the path. */
  readonly url: Secret;
  readonly secret: Secret;
  readonly clock?: Clock;
}

/** Kind to whoever reads it whole into memory. */
export const WEBHOOK_BYTES_MAX = 1_048_576;

const RATE_LIMIT = { burst: 50, perMinute: 600 } as const;

const TIMEOUT_MS = 10_000;

/** JSON to any address, signed. */
export function webhook({ name, url, secret, clock = SYSTEM_CLOCK }: WebhookOptions): Receiver {
  return {
    name,
    kind: 'webhook',
    rateLimit: RATE_LIMIT,
    rateKey: url.reveal(),
    deliver(notification, signal) {
      const body = webhookBody(notification);
      const id = `${notification.incident.id}-${notification.sequence}`;
      return post(
        {
          url: url.reveal(),
          headers: signatureHeaders(secret.reveal(), id, clock.now(), body),
          body,
          secrets: [secret, url],
          signal,
          timeout_ms: TIMEOUT_MS,
          now: () => clock.now(),
        },
        meaningOf,
      );
    },
  };
}

/** Standard Webhooks' envelope; `data.incident` is the contract's, its longest parts left out where it is too large. */
export function webhookBody(notification: Notification): string {
  const { kind, at_ms, incident, sequence } = notification;
  const acknowledged = kind === 'acknowledged' ? { acknowledgement: notification.acknowledgement } : {};
  return fit(incident, WEBHOOK_BYTES_MAX, (fitted) =>
    toJson({
      type: `incident.${kind}`,
      timestamp: new Date(at_ms).toISOString(),
      data: { sequence, trimmed: fitted.trimmed, ...acknowledged, incident: fitted.incident },
    }),
  );
}

/** Who has read the body and will never take it says so by one of these; anything else may be mended while it waits. */
const REFUSALS: readonly number[] = [400, 410, 413, 415, 422];

function meaningOf(status: number): Meaning {
  if (status >= 200 && status < 300) return 'delivered';
  if (REFUSALS.includes(status)) return 'refused';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'server-error' : 'unexpected-answer';
}
