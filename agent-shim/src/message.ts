import type { Direction, FrameType } from '@halfopen/telemetry';
import type { DescribeFrame } from './options.js';
import type { Frame } from './recorder/frame.js';

type Description = ReturnType<DescribeFrame>;

/** Message ids are kept while a frame is followed, and compared with those of the peer: cut at this, at both ends. */
const ID_CHARACTERS_MAX = 256;

/** A message on its way through a transport, as far as that knows it. */
export interface Message {
  readonly data: unknown;
  readonly type: FrameType;
  /** Bytes. */
  readonly size: number;
}

/** Undefined: nothing is known of it but that it is one. */
export function frameOf({ type, size }: Message, direction: Direction, description: Description): Frame {
  if (description === undefined || 'decodeError' in description)
    return { id: undefined, direction, type, kind: undefined, size };
  const { id, kind, replyTo } = description;
  return {
    id: id === undefined ? undefined : idOf(id),
    direction,
    type,
    kind,
    size,
    replyTo: replyTo === undefined ? undefined : idOf(replyTo),
  };
}

export function idOf(id: unknown): string {
  return String(id).slice(0, ID_CHARACTERS_MAX);
}

/** Bytes of what transports take as a message. */
export function sizeOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data.byteLength;
  if (data instanceof Blob) return data.size;
  if (Array.isArray(data)) return data.reduce<number>((sum, part) => sum + sizeOf(part), 0);
  return typeof data === 'number' ? String(data).length : 0;
}
