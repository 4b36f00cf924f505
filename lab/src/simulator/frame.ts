import type { Direction, FrameKind, FrameType, Transport } from '@halfopen/telemetry';

import type { Random } from './random.js';

export interface Frame {
  readonly id: string;
  /** All stages of a frame, at both ends, are one trace; a pong belongs to its ping's. */
  readonly traceId: string;
  readonly direction: Direction;
  readonly type: FrameType;
  readonly kind: FrameKind;
  readonly size: number;
  readonly replyTo?: string;
  /** The sender's counter, given at the completed write. */
  seq?: number;
}

export type FramePredicate = (frame: Frame) => boolean;

export function isControl(frame: Frame): boolean {
  return frame.kind === 'ping' || frame.kind === 'pong';
}

const SIZE_BYTES_MIN = 120;
const SIZE_BYTES_MAX = 950;
const CONTROL_SIZE_BYTES = 8;

/** Makes the frames of one channel; ids count over both ends and all connections, as `s4-agent-3`. */
export class FrameFactory {
  #made = 0;

  constructor(
    private readonly channelId: string,
    private readonly transport: Transport,
    private readonly random: Random,
  ) {}

  make(direction: Direction, kind: Exclude<FrameKind, 'pong'>, replyTo?: string): Frame {
    this.#made += 1;
    const sender = direction === 'to_agent' ? 's' : 'a';
    return {
      id: `${sender}${this.#made}-${this.channelId}`,
      traceId: this.random.hex(4),
      direction,
      type: this.#type(kind),
      kind,
      size: kind === 'ping' ? CONTROL_SIZE_BYTES : this.random.integer(SIZE_BYTES_MIN, SIZE_BYTES_MAX),
      ...(replyTo === undefined ? {} : { replyTo }),
    };
  }

  /** The answer to a ping: its id and its trace. */
  pong(ping: Frame): Frame {
    return {
      id: ping.id,
      traceId: ping.traceId,
      direction: ping.direction === 'to_agent' ? 'to_server' : 'to_agent',
      type: this.#type('pong'),
      kind: 'pong',
      size: CONTROL_SIZE_BYTES,
    };
  }

  #type(kind: FrameKind): FrameType {
    if (this.transport !== 'websocket') return 'stream';
    return kind === 'ping' || kind === 'pong' ? kind : 'text';
  }
}
