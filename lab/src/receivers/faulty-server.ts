import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with one call. */
export type Mishap =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The connection is cut without an answer: before the event is taken, or after it was. */
  | 'reset'
  | 'reset-after-taking'
  /** No answer at all. */
  | 'hang';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** More is an attack on the lab. */
const BODY_BYTES_MAX = 16_777_216;

/**
 * A server on loopback that answers as `handle` says, save for the calls that were told to go wrong. Those that go wrong
 * are kept too.
 */
export class FaultyServer {
  /** Every call that arrived whole, in that order. */
  readonly calls: Call[] = [];
  #mishaps: Mishap[] = [];
  #always: Mishap | undefined;
  #waiting: { count: number; resolve: () => void }[] = [];
  readonly #server = createServer((request, response) => {
    void this.#serve(request, response);
  });

  constructor(private readonly handle: (call: Call) => Answer) {}

  /** @param port of before, for one that comes back */
  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The next calls go wrong like this, one each. */
  failNext(...mishaps: readonly Mishap[]): void {
    this.#mishaps.push(...mishaps);
  }

  /** All calls go wrong like this from now on; undefined ends it. */
  failAlways(mishap: Mishap | undefined): void {
    this.#always = mishap;
  }

  /** Resolves once so many calls have arrived, and been answered where they are answered. */
  async arrived(count: number): Promise<void> {
    if (this.calls.length >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request).catch(() => undefined);
    if (body === undefined) {
      request.socket.resetAndDestroy();
      return;
    }
    const { method = '', url = '', headers } = request;
    const call = { method, path: url, headers, body };
    const mishap = this.#mishaps.shift() ?? this.#always;
    this.calls.push(call);
    if (mishap === 'reset' || mishap === 'hang') {
      if (mishap === 'reset') request.socket.resetAndDestroy();
    } else {
      const answer = typeof mishap === 'object' ? { body: '', ...mishap } : this.handle(call);
      if (mishap === 'reset-after-taking') request.socket.resetAndDestroy();
      else response.writeHead(answer.status, answer.headers).end(answer.body);
    }
    this.#tell();
  }

  #tell(): void {
    const due = this.#waiting.filter(({ count }) => this.calls.length >= count);
    this.#waiting = this.#waiting.filter((waiting) => !due.includes(waiting));
    for (const { resolve } of due) resolve();
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error('the body is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
