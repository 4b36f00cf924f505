import type { Clock } from '../clock.js';

/** In any minute at most `burst + perMinute` calls. */
export interface RateLimit {
  readonly burst: number;
  readonly perMinute: number;
}

/** A bucket of tokens, full at first. Who finds none waits for the one that is his: in the order of asking. */
export class RateLimiter {
  #tokens: number;
  #filledAt_ms: number;

  constructor(
    private readonly limit: RateLimit,
    private readonly clock: Clock,
  ) {
    this.#tokens = limit.burst;
    this.#filledAt_ms = clock.elapsed();
  }

  /** Resolves when a call may be made, or at once when the signal aborts. */
  async take(signal: AbortSignal): Promise<void> {
    const perMs = this.limit.perMinute / 60_000;
    const now = this.clock.elapsed();
    this.#tokens = Math.min(this.limit.burst, this.#tokens + (now - this.#filledAt_ms) * perMs);
    this.#filledAt_ms = now;
    this.#tokens -= 1;
    if (this.#tokens < 0) await this.clock.sleep(-this.#tokens / perMs, signal);
  }
}
