import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { sample } from './halfopen.js';

export interface Recorded {
  /** When the last span of the request ended: it was sent then. */
  readonly atMs: number;
  readonly body: string;
}

/** The requests of a recording with all times moved, in the order of their sending. */
export async function shifted(name: string, byMs: number): Promise<Recorded[]> {
  const text = gunzipSync(await readFile(sample(name))).toString('utf8');
  const shift = BigInt(byMs) * 1_000_000n;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      let lastNano = 0n;
      const body = line.replace(
        /"(start|end)TimeUnixNano":"(\d+)"/g,
        (_match, which: string, nano: string) => {
          const moved = BigInt(nano) + shift;
          if (moved > lastNano) lastNano = moved;
          return `"${which}TimeUnixNano":"${moved}"`;
        },
      );
      return { atMs: Number(lastNano / 1_000_000n), body };
    })
    .sort((a, b) => a.atMs - b.atMs);
}

export async function send(collectorUrl: string, { body }: Recorded, token?: string): Promise<void> {
  const response = await fetch(`${collectorUrl}/v1/traces`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body,
  });
  assert.equal(response.status, 200, await response.text());
}

const AT_ONCE = 64;

/** Sends what is past already, at once, and what is still to come at its time, until stopped. */
export class Replay {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  error: unknown;

  constructor(
    private readonly collectorUrl: string,
    private readonly requests: readonly Recorded[],
    private readonly token?: string,
  ) {}

  /** Resolves when the past has been sent. */
  async start(): Promise<void> {
    const now = Date.now();
    const past = this.requests.filter(({ atMs }) => atMs <= now);
    for (let begin = 0; begin < past.length; begin += AT_ONCE)
      await Promise.all(
        past.slice(begin, begin + AT_ONCE).map((request) => send(this.collectorUrl, request, this.token)),
      );
    this.#running = this.#run(this.requests.slice(past.length)).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.error = error;
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(future: readonly Recorded[]): Promise<void> {
    for (const request of future) {
      await sleep(Math.max(0, request.atMs - Date.now()), undefined, { signal: this.#stop.signal });
      await send(this.collectorUrl, request, this.token);
    }
  }
}
