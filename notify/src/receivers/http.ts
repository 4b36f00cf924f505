import { longestForm, scrub, type Secret } from '../secret.js';
import type { FailureReason, Outcome } from './receiver.js';

export interface HttpCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Cut out of whatever comes back. */
  readonly secrets: readonly Secret[];
  readonly signal: AbortSignal;
  /** For the whole call. */
  readonly timeout_ms: number;
  /** ms since the epoch, for a Retry-After that names a date. */
  readonly now: () => number;
}

/** What a status means to the receiver at hand. */
export type Meaning = 'delivered' | 'refused' | Exclude<FailureReason, 'unreachable' | 'timeout' | 'stopped'>;

/** An answer is kept for a person to read, no further. */
const ANSWER_CHARS_MAX = 500;
const ANSWER_BYTES_MAX = 4096;

/** Nobody is waited for longer, whatever he asks. */
const RETRY_AFTER_MS_MAX = 3_600_000;

/** One POST. Redirects are not followed: a key goes where the configuration says and nowhere else. */
export async function post(call: HttpCall, meaningOf: (status: number) => Meaning): Promise<Outcome> {
  const deadline = AbortSignal.timeout(call.timeout_ms);
  let response: Response;
  try {
    response = await fetch(call.url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', 'user-agent': 'halfopen', ...call.headers },
      body: call.body,
      signal: AbortSignal.any([call.signal, deadline]),
    });
  } catch (error) {
    const reason = call.signal.aborted ? 'stopped' : deadline.aborted ? 'timeout' : 'unreachable';
    return { result: 'failed', reason, status: 0, answer: clean(causeOf(error, reason), call.secrets) };
  }
  const { status } = response;
  const meaning = meaningOf(status);
  const answer = await beginningOf(response, call.secrets);
  if (meaning === 'delivered' || meaning === 'refused') return { result: meaning, status, answer };
  const retryAfter_ms = parseRetryAfter(response.headers.get('retry-after'), call.now());
  return {
    result: 'failed',
    reason: meaning,
    status,
    answer,
    ...(retryAfter_ms === undefined ? {} : { retryAfter_ms }),
  };
}

/** @returns ms to wait, bounded; undefined where the header is absent or no such thing */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const wait_ms = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait_ms) ? undefined : Math.min(Math.max(0, wait_ms), RETRY_AFTER_MS_MAX);
}

/** The status has come: what follows is only for people, so whatever cuts it short changes nothing. */
async function beginningOf(response: Response, secrets: readonly Secret[]): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let whole = false;
  try {
    while (bytes < ANSWER_BYTES_MAX && !whole) {
      const part = (await reader.read()) as { done: boolean; value?: Uint8Array };
      whole = part.done;
      if (part.value === undefined) continue;
      chunks.push(part.value);
      bytes += part.value.length;
    }
    await reader.cancel();
  } catch {
    // As much as came.
  }
  const text = Buffer.concat(chunks).toString('utf8');
  // Cut short, it may end within a secret, which would not be recognised.
  return clean(whole ? text : text.slice(0, -longestForm(secrets)), secrets);
}

function clean(text: string, secrets: readonly Secret[]): string {
  return scrub(text, secrets).slice(0, ANSWER_CHARS_MAX);
}

/** fetch says "fetch failed"; what failed is in its cause. */
function causeOf(error: unknown, reason: FailureReason): string {
  if (reason === 'stopped') return 'stopped before an answer came';
  if (reason === 'timeout') return 'no answer in time';
  const cause = error instanceof Error ? error.cause : undefined;
  const { code, message } = (cause ?? error) as { code?: string; message?: string };
  return [code, message].filter((part) => part !== undefined && part !== '').join(': ') || String(error);
}
