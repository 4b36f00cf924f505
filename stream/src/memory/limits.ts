/** Bounds of the in-process stream. */
export interface MemoryStreamLimits {
  /**
   * Bytes that wait or are being stored; past it, publishing is refused as `overloaded`. A larger message is refused
   * as `too-large`.
   * @default 67_108_864
   */
  readonly pendingBytesMax: number;
  /**
   * Records that wait or are being stored.
   * @default 100_000
   */
  readonly pendingRecordsMax: number;
  /**
   * Bytes of one range; a larger message makes a range alone.
   * @default 8_388_608
   */
  readonly rangeBytesMax: number;
  /**
   * Records of one range.
   * @default 10_000
   */
  readonly rangeRecordsMax: number;
  /**
   * How long the first record of a range waits for company.
   * @default 25
   */
  readonly lingerMs: number;
  /**
   * Fewer bytes waiting than this are a trickle: it waits on until storing has rested for four times as long as the last
   * range took.
   * @default 65_536
   */
  readonly trickleBytes: number;
  /**
   * At most so long, though.
   * @default 500
   */
  readonly restMsMax: number;
  /**
   * How long `close` waits for what has been published to be stored.
   * @default 10_000
   */
  readonly closeMs: number;
}

const DEFAULTS: MemoryStreamLimits = {
  pendingBytesMax: 64 * 1024 * 1024,
  pendingRecordsMax: 100_000,
  rangeBytesMax: 8 * 1024 * 1024,
  rangeRecordsMax: 10_000,
  lingerMs: 25,
  trickleBytes: 64 * 1024,
  restMsMax: 500,
  closeMs: 10_000,
};

/** What each limit may be. The highest of `pendingBytesMax` keeps an intention file far below its own bound. */
const ALLOWED: Readonly<Record<keyof MemoryStreamLimits, readonly [min: number, max: number]>> = {
  pendingBytesMax: [1, 512 * 1024 * 1024],
  pendingRecordsMax: [1, 1_000_000],
  rangeBytesMax: [1, 512 * 1024 * 1024],
  rangeRecordsMax: [1, 1_000_000],
  lingerMs: [0, 10_000],
  trickleBytes: [0, 512 * 1024 * 1024],
  restMsMax: [0, 10_000],
  closeMs: [0, 600_000],
};

/** @throws RangeError that names the limit and what it may be */
export function resolveLimits(given: Partial<MemoryStreamLimits> = {}): MemoryStreamLimits {
  const limits = { ...DEFAULTS, ...given };
  for (const [name, [min, max]] of Object.entries(ALLOWED)) {
    const value = limits[name as keyof MemoryStreamLimits];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RangeError(
        `memory stream: ${name} is ${value}, must be a whole number from ${min} to ${max}`,
      );
    }
  }
  return limits;
}
