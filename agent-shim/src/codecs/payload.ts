const EMPTY = Buffer.alloc(0);

/** The first room, bytes: a length that a peer claims is no reason to take that much memory. */
const ROOM_BYTES = 256;

/**
 * A payload that comes in several chunks, copied as it comes, since the chunks' memory is the application's. Nothing of
 * one that turns out longer than is kept.
 */
export class Payload {
  #room = EMPTY;
  #length = 0;

  constructor(private readonly bytesMax: number) {}

  /** Bytes so far, kept or not. */
  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    const begin = this.#length;
    this.#length += piece.length;
    if (this.#length > this.bytesMax) {
      this.#room = EMPTY;
      return;
    }
    if (this.#length > this.#room.length) this.#grow(begin);
    piece.copy(this.#room, begin);
  }

  /** @returns undefined where it was longer than is kept; begins anew */
  take(): Buffer | undefined {
    const whole = this.#length > this.bytesMax ? undefined : this.#room.subarray(0, this.#length);
    this.#room = EMPTY;
    this.#length = 0;
    return whole;
  }

  #grow(used: number): void {
    const doubled = Math.max(this.#length, 2 * this.#room.length, ROOM_BYTES);
    const room = Buffer.allocUnsafe(Math.min(doubled, this.bytesMax));
    this.#room.copy(room, 0, 0, used);
    this.#room = room;
  }
}
