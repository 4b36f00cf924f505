import { once } from 'node:events';
import type { Clock } from '../src/index.js';

/** Sleeps of these lengths are for want of work: they end when somebody rings, not by themselves. */
const IDLE_MS: readonly number[] = [10_000, 3_600_000];

/** Sleeping takes no time; the clock is simply later afterwards. */
export class JumpingClock implements Clock {
  readonly slept_ms: number[] = [];
  #now: number;

  constructor(now = Date.now()) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  async sleep(time_ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (IDLE_MS.includes(time_ms)) {
      await once(signal, 'abort');
      return;
    }
    this.slept_ms.push(time_ms);
    this.#now += time_ms;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
