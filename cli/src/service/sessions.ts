import { randomBytes } from 'node:crypto';

/** Signed-in browsers; the one unused for longest goes when there are more. */
const SESSIONS_MAX = 1_000;
/** A night shift. */
export const SESSION_MS_MAX = 12 * 3_600_000;
const ID_BYTES = 32;

/** Who has shown the token in a browser. In memory: after a restart people sign in again. */
export class Sessions {
  /** Id -> when it expires; in the order of their making. */
  readonly #open = new Map<string, number>();

  constructor(private readonly now: () => number = Date.now) {}

  /** The id tells nothing and opens this process only. */
  open(): string {
    const id = randomBytes(ID_BYTES).toString('base64url');
    this.#open.set(id, this.now() + SESSION_MS_MAX);
    const [oldest] = this.#open.keys();
    if (this.#open.size > SESSIONS_MAX && oldest !== undefined) this.#open.delete(oldest);
    return id;
  }

  isOpen(id: string): boolean {
    const until_ms = this.#open.get(id);
    if (until_ms === undefined) return false;
    if (this.now() < until_ms) return true;
    this.#open.delete(id);
    return false;
  }

  close(id: string): void {
    this.#open.delete(id);
  }
}

/** Wrong tokens from one address in a minute; then nothing from there is compared until the minute is over. */
export const WRONG_MAX = 30;
const MINUTE_MS = 60_000;
const ADDRESSES_MAX = 10_000;

/** Bounds guessing. */
export class WrongTokens {
  readonly #counts = new Map<string, { count: number; since_ms: number }>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Seconds until the address may try again; 0: now. */
  waitS(address: string): number {
    const seen = this.#counts.get(address);
    if (seen === undefined) return 0;
    const left_ms = seen.since_ms + MINUTE_MS - this.now();
    if (left_ms <= 0) this.#counts.delete(address);
    return left_ms > 0 && seen.count >= WRONG_MAX ? Math.ceil(left_ms / 1000) : 0;
  }

  add(address: string): void {
    const seen = this.#counts.get(address);
    if (seen !== undefined && this.now() - seen.since_ms < MINUTE_MS) {
      seen.count++;
      return;
    }
    this.#counts.delete(address);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size >= ADDRESSES_MAX && oldest !== undefined) this.#counts.delete(oldest);
    this.#counts.set(address, { count: 1, since_ms: this.now() });
  }
}
