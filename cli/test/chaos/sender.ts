import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a collector answered, or that none did. */
export type Answer =
  { readonly status: number; readonly retryAfter: string | undefined } | { readonly status: 'none' };

/** Waits between two tries of one message, ms; an exporter waits longer, and finds the same. */
const RETRY_MS = 50;

/** An OTLP/HTTP client as the specification wants it: what can be tried again is, with the same bytes, until it is told 200. */
export class Sender {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  #closed = false;

  /** @param url of the collector that runs now: it listens elsewhere after each restart */
  constructor(private readonly url: () => string | undefined) {}

  /**
   * @param impatient_ms give up on the first answer after so long, as a client's time-out does
   * @throws Error on an answer that allows no retry, and once this is closed: a test that failed must end
   */
  async untilAcknowledged(body: Uint8Array, impatient_ms?: number): Promise<void> {
    let answer = await this.post(body, impatient_ms);
    while (answer.status !== 200) {
      if (typeof answer.status === 'number' && ![429, 502, 503, 504].includes(answer.status))
        throw new Error(`the collector answered ${answer.status}`);
      if (this.#closed) throw new Error('the sender is closed');
      await sleep(RETRY_MS);
      answer = await this.post(body);
    }
  }

  /** One try. */
  async post(body: Uint8Array, timeout_ms?: number): Promise<Answer> {
    const url = this.url();
    if (url === undefined) return { status: 'none' };
    return new Promise((resolve) => {
      const sending = request(
        `${url}/v1/traces`,
        { method: 'POST', agent: this.#agent, headers: { 'content-type': 'application/x-protobuf' } },
        (response) => {
          const { statusCode = 0, headers } = response;
          response.resume();
          response.once('end', () => {
            resolve({ status: statusCode, retryAfter: headers['retry-after'] });
          });
          response.once('close', () => {
            resolve({ status: 'none' }); // after the end, it is too late to change the answer
          });
        },
      );
      if (timeout_ms !== undefined) setTimeout(() => sending.destroy(), timeout_ms).unref();
      sending.once('error', () => {
        resolve({ status: 'none' });
      });
      sending.end(body);
    });
  }

  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }
}
