/** How often it is looked, ms: a block of half of it may go unseen, one of twice that never. */
const LOOK_MS = 500;

/** What is remembered: the default interval of the state reports. */
const LOOKS_KEPT = 20;

/** How late this process's event loop has turned lately. One for all channels of the process, while any is open. */
class EventLoop {
  readonly #late_ms: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #users = 0;
  #expected_ms = 0;

  /** The worst of the last ten seconds, ms. */
  lag(): number {
    // A block that goes on, or has just ended, has not been looked at yet.
    const overdue_ms = this.#timer === undefined ? 0 : performance.now() - this.#expected_ms;
    return Math.round(Math.max(0, overdue_ms, ...this.#late_ms));
  }

  begin(): void {
    this.#users += 1;
    if (this.#timer !== undefined) return;
    this.#expected_ms = performance.now() + LOOK_MS;
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_MS);
    this.#timer.unref();
  }

  end(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#late_ms.length = 0;
  }

  #look(): void {
    const now_ms = performance.now();
    this.#late_ms.push(Math.max(0, now_ms - this.#expected_ms));
    if (this.#late_ms.length > LOOKS_KEPT) this.#late_ms.shift();
    this.#expected_ms = now_ms + LOOK_MS;
  }
}

export const eventLoop = new EventLoop();
