import { setTimeout as sleep } from 'node:timers/promises';

/** Time as an argument: a test's clock moves when the test says so. */
export interface Clock {
  /** ms since the epoch. */
  now(): number;
  /** ms since some moment; never set back, so waits are measured by it. */
  elapsed(): number;
  /** Resolves when the time is over, or at once when the signal aborts; never rejects. */
  sleep(time_ms: number, signal: AbortSignal): Promise<void>;
}

/** setTimeout takes no more than that. */
const SLEEP_MS_MAX = 2_147_483_647;

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  async sleep(time_ms, signal) {
    const bounded_ms = Math.min(Math.max(0, time_ms), SLEEP_MS_MAX);
    await sleep(bounded_ms, undefined, { signal, ref: false }).catch(() => undefined);
  },
};
