/** Bounds of a Retry-After hint, in seconds. */
const RETRY_AFTER_S_MIN = 1;
const RETRY_AFTER_S_MAX = 30;

/** Weight of the newest range in the moving average. */
const NEWEST_WEIGHT = 0.3;

/** How fast ranges get stored, as an exponentially weighted average of bytes per millisecond. */
export class DrainRate {
  #bytesPerMs: number | undefined;

  /** A range of `bytes` took `elapsedMs` from the hand-out to the commit. */
  observe(bytes: number, elapsedMs: number): void {
    const observed = Math.max(bytes, 1) / Math.max(elapsedMs, 1);
    this.#bytesPerMs =
      this.#bytesPerMs === undefined
        ? observed
        : this.#bytesPerMs + NEWEST_WEIGHT * (observed - this.#bytesPerMs);
  }

  /**
   * Seconds until `pendingBytes` should be stored. Storing that has stalled for some time is expected to stall for as
   * long again, whatever its rate used to be.
   */
  retryAfterS(pendingBytes: number, stalledMs: number): number {
    const drainMs = this.#bytesPerMs === undefined ? 0 : pendingBytes / this.#bytesPerMs;
    const seconds = Math.ceil(Math.max(drainMs, stalledMs) / 1000);
    return Math.min(Math.max(seconds, RETRY_AFTER_S_MIN), RETRY_AFTER_S_MAX);
  }
}
