import type { Readable } from 'node:stream';

/** A pipe pauses its source while its destination is full: only what stays paused is not read. ms. */
const PAUSED_MS = 1_000;

/** Whoever calls `read` may take so long between two calls. ms. */
const UNREAD_MS = 5_000;

/** When something last happened to a readable, on the monotonic clock, ms. */
export interface Readings {
  readonly pausedAt_ms: number | undefined;
  readonly deliveredAt_ms: number;
}

/** Whether the application reads a stream, from what it does with it: it flows, or what arrives is taken out in time. */
export function isRead(stream: Readable, { pausedAt_ms, deliveredAt_ms }: Readings, now_ms: number): boolean {
  if (stream.destroyed || stream.readableEnded || !stream.readable) return false;
  if (stream.readableFlowing === true) return true;
  if (stream.listenerCount('readable') > 0)
    return stream.readableLength === 0 || now_ms - deliveredAt_ms < UNREAD_MS;
  if (stream.readableFlowing === null) return false; // nobody has asked for anything yet
  return pausedAt_ms !== undefined && now_ms - pausedAt_ms < PAUSED_MS;
}
