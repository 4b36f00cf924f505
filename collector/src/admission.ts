import type { ByteBudget, Lease } from './budget.js';

/** What a body of unknown length counts as until it is read: a stream's high-water mark, which Node reads anyway. */
const UNKNOWN_LENGTH_BYTES = 64 * 1024;

interface Waiting {
  readonly lease: Lease;
  readonly bytes: number;
  readonly settle: (admitted: boolean) => void;
}

/**
 * Lets a request's body be read while few bytes are under way; others wait their turn, unread, so that TCP holds their
 * senders back. Refusing them at once instead was seen to starve the storing: a thousand senders that never rest had
 * 430 MB/s read and thrown away, and of 175,000 spans/s there remained 500.
 */
export class Admission {
  readonly #waiting: Waiting[] = [];

  /**
   * @param bytesMax under way, beyond which others wait; a larger body goes in alone
   * @param waitMs after so long it is refused
   */
  constructor(
    private readonly budget: ByteBudget,
    private readonly bytesMax: number,
    private readonly waitMs: number,
  ) {
    budget.onRelease(() => {
      this.#admitWaiting();
    });
  }

  /**
   * Resolves to the bytes that the lease holds for the body from then on, to undefined when its turn did not come.
   *
   * @param contentLength NaN where the request does not say
   */
  async enter(lease: Lease, contentLength: number): Promise<number | undefined> {
    const bytes = Number.isNaN(contentLength) ? UNKNOWN_LENGTH_BYTES : contentLength;
    const admitted =
      (this.#waiting.length === 0 && this.#admit(lease, bytes)) || (await this.#wait(lease, bytes));
    return admitted ? bytes : undefined;
  }

  async #wait(lease: Lease, bytes: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        lease,
        bytes,
        settle: (admitted) => {
          clearTimeout(timer);
          resolve(admitted);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(false);
        this.#admitWaiting(); // it may have been the first, and larger than the next
      }, this.waitMs);
      this.#waiting.push(waiting);
    });
  }

  #admitWaiting(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#admit(first.lease, first.bytes)) return;
      this.#waiting.shift();
      first.settle(true);
    }
  }

  #admit(lease: Lease, bytes: number): boolean {
    const held = this.budget.bytesHeld;
    return (held === 0 || held + bytes <= this.bytesMax) && lease.hold(bytes);
  }
}
