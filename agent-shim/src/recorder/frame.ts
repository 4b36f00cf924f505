import type { Direction, FrameType } from '@halfopen/telemetry';

/** A frame as the recorder needs it, whatever carried it. */
export interface Frame {
  /** Undefined: it counts and has no spans. */
  readonly id: string | undefined;
  /** The sender's count on this connection, from 1; undefined before the write, and where the peer's is not known. */
  readonly seq?: number;
  readonly direction: Direction;
  readonly type: FrameType;
  /** Undefined where only its id is known. */
  readonly kind: string | undefined;
  /** Bytes. */
  readonly size: number | undefined;
  readonly replyTo?: string | undefined;
}

/** Control frames are neither commands nor heartbeats nor work, and are counted apart. */
export function isControl({ kind, type }: Frame): boolean {
  return kind === 'ping' || kind === 'pong' || type === 'ping' || type === 'pong';
}

/** What an ack tells of the frame that it is about, which goes the other way. */
export function acknowledged({
  kind,
  replyTo,
  direction,
  type,
}: Frame): (Frame & { readonly id: string }) | undefined {
  if (kind !== 'ack' || replyTo === undefined) return undefined;
  const opposite = direction === 'to_agent' ? 'to_server' : 'to_agent';
  return { id: replyTo, direction: opposite, type, kind: undefined, size: undefined };
}

/**
 * Whether a frame is among those that have spans: by its id alone, so that both ends choose the same.
 *
 * @param rate one in so many
 */
export function sampled(id: string, rate: number): boolean {
  if (rate <= 1) return true;
  let hash = 0x811c9dc5; // FNV-1a, 32 bits
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  // The last characters of ids differ most, and have moved the low bits only.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32 < 1 / rate;
}
