import { createHmac } from 'node:crypto';

/** Standard Webhooks: a secret is `whsec_` and 24 to 64 bytes in base64. */
export const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/;

/**
 * The headers of Standard Webhooks 1.0 (standardwebhooks.com), for which most languages have a library. The id is the same at
 * every attempt, so that a receiver can tell a repetition; the time is under the signature, so that nobody can replay it
 * later.
 *
 * @param secret as configured, {@link WEBHOOK_SECRET}
 * @param now ms since the epoch
 */
export function signatureHeaders(
  secret: string,
  id: string,
  now: number,
  body: string,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
