import type { Clock } from '../clock.js';

/** Wakes one sleeper; rung while he is awake, it keeps him from his next sleep. */
export class Bell {
  #rung = false;
  #sleeping = new AbortController();

  ring(): void {
    this.#rung = true;
    this.#sleeping.abort();
  }

  /** Ends when the time is over or it is rung. */
  async rest(clock: Clock, time_ms: number): Promise<void> {
    if (!this.#rung && time_ms > 0) {
      this.#sleeping = new AbortController();
      await clock.sleep(time_ms, this.#sleeping.signal);
    }
    this.#rung = false;
  }
}
