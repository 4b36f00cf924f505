import type { End, FrameOutcome, Stage } from '@halfopen/telemetry';

import type { Frame } from './frame.js';
import { type Attributes, SPAN_KIND } from './otlp-json.js';
import type { Process } from './process.js';

/** What one end says about one channel: every span about it leaves through here, and ends at the call. */
export class ChannelObserver {
  readonly #identity: Attributes;

  constructor(
    readonly end: End,
    readonly process: Process,
    /** What channels are grouped by, `channel.id` first. */
    identity: Attributes,
    /** False: it reports states and the connections' life only. */
    private readonly recordsFrames: boolean,
  ) {
    this.#identity = { ...identity, 'channel.end': end };
  }

  /** One stage of a frame, begun at `startUs`. */
  frame(
    stage: Stage,
    frame: Frame,
    connectionId: string,
    startUs: number,
    outcome: FrameOutcome,
    more: Attributes = {},
  ): void {
    const known: Attributes = {
      'frame.id': frame.id,
      'frame.seq': stage === 'enqueue' ? undefined : frame.seq,
      'frame.kind': frame.kind,
      'frame.reply_to': frame.replyTo,
    };
    this.#frameSpan(stage, frame, connectionId, startUs, { ...known, 'frame.outcome': outcome, ...more });
  }

  /** The arrival of something that does not decode at all: neither its id nor its kind is known here. */
  garbled(frame: Frame, connectionId: string, startUs: number): void {
    this.#frameSpan('receive', frame, connectionId, startUs, { 'frame.outcome': 'error', ...DECODE_ERROR });
  }

  state(attributes: Attributes): void {
    this.#emit('channel.state', this.process.nowUs, attributes);
  }

  connect(startUs: number, attributes: Attributes): void {
    this.#emit('channel.connect', startUs, attributes);
  }

  close(attributes: Attributes): void {
    this.#emit('channel.close', this.process.nowUs, attributes);
  }

  #emit(
    name: 'channel.state' | 'channel.connect' | 'channel.close',
    startUs: number,
    more: Attributes,
  ): void {
    this.process.emit(name, SPAN_KIND.internal, startUs, { ...this.#identity, ...more });
  }

  #frameSpan(stage: Stage, frame: Frame, connectionId: string, startUs: number, more: Attributes): void {
    if (!this.recordsFrames) return;
    const kind = stage === 'receive' || stage === 'execute' ? SPAN_KIND.consumer : SPAN_KIND.producer;
    const attributes: Attributes = {
      ...this.#identity,
      'channel.connection.id': connectionId,
      'frame.stage': stage,
      'frame.direction': frame.direction,
      'frame.type': frame.type,
      'frame.size': frame.size,
      ...more,
    };
    // A frame that cannot be decoded does not convey its trace either.
    const traceId = more['frame.id'] === undefined ? undefined : frame.traceId;
    this.process.emit(`frame.${stage}`, kind, startUs, attributes, traceId);
  }
}

export const DECODE_ERROR = { 'frame.drop_reason': 'decode', 'error.type': 'decode' } as const;
