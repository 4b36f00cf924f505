/** Longer payloads are cut: a control frame has 125 bytes at most. */
const PAYLOAD_BYTES_MAX = 32;

/**
 * Ids of pings and pongs, the same at both ends: their payload, which a pong returns; without one their number, since
 * neither end misses one on a connection that works.
 */
export class ControlIds {
  readonly #counts = { ping: 0, pong: 0 };

  constructor(
    /** Tells one direction's pings from the other's. */
    private readonly direction: string,
  ) {}

  /** The next ping of this direction, or the pong that answers one. */
  next(type: 'ping' | 'pong', payload: unknown): string {
    const number = ++this.#counts[type];
    const bytes = bytesOf(payload);
    return `${this.direction}-ping-${bytes.length === 0 ? number : bytes.toString('hex')}`;
  }
}

function bytesOf(payload: unknown): Buffer {
  if (payload instanceof Uint8Array) return Buffer.from(payload.subarray(0, PAYLOAD_BYTES_MAX));
  if (payload instanceof ArrayBuffer) return Buffer.from(payload.slice(0, PAYLOAD_BYTES_MAX));
  if (typeof payload === 'string' || typeof payload === 'number')
    return Buffer.from(String(payload)).subarray(0, PAYLOAD_BYTES_MAX);
  return Buffer.alloc(0);
}
