/** A wall clock that has been set by more than this is followed. */
const STEP_MS = 100;

/**
 * Unix time in ms, with fractions: the wall clock's time, at the monotonic clock's resolution. Follows the wall clock
 * where that was set, or the machine was suspended.
 */
export class Clock {
  #offset_ms = Date.now() - performance.now();

  now(): number {
    const now_ms = this.#offset_ms + performance.now();
    const wall_ms = Date.now();
    if (Math.abs(wall_ms - now_ms) <= STEP_MS) return now_ms;
    this.#offset_ms = wall_ms - performance.now();
    return wall_ms;
  }
}
