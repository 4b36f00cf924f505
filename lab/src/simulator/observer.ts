import type { End, FrameOutcome, SpanName, Stage } from '@halfopen/telemetry';

import { type ChannelContext, identity } from './context.js';
import type { Frame } from './frame.js';
import { type Attributes, SPAN_KIND, type SpanKind } from './otlp-json.js';
import type { Process } from './process.js';
import type { Random } from './random.js';

/** What one end says about one channel: every span about it leaves through here, and ends at the call. */
export class ChannelObserver {
  readonly #identity: Attributes;
  readonly #recordsFrames: boolean;
  readonly #ids: Random;

  constructor(
    end: End,
    readonly process: Process,
    channel: ChannelContext,
  ) {
    this.#identity = { ...identity(channel), 'channel.end': end };
    this.#recordsFrames = channel.settings.frameSpans;
    this.#ids = channel.random.fork(`ids/${end}`);
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
    this.#emit('channel.state', SPAN_KIND.internal, this.process.nowUs, attributes);
  }

  connect(startUs: number, attributes: Attributes): void {
    this.#emit('channel.connect', SPAN_KIND.internal, startUs, attributes);
  }

  close(attributes: Attributes): void {
    this.#emit('channel.close', SPAN_KIND.internal, this.process.nowUs, attributes);
  }

  #frameSpan(stage: Stage, frame: Frame, connectionId: string, startUs: number, more: Attributes): void {
    if (!this.#recordsFrames) return;
    const kind = stage === 'receive' || stage === 'execute' ? SPAN_KIND.consumer : SPAN_KIND.producer;
    const attributes: Attributes = {
      'channel.connection.id': connectionId,
      'frame.stage': stage,
      'frame.direction': frame.direction,
      'frame.type': frame.type,
      'frame.size': frame.size,
      ...more,
    };
    // A frame that cannot be decoded does not convey its trace either.
    const traceId = more['frame.id'] === undefined ? undefined : frame.traceId;
    this.#emit(`frame.${stage}`, kind, startUs, attributes, traceId);
  }

  #emit(name: SpanName, kind: SpanKind, startUs: number, more: Attributes, traceId?: string): void {
    this.process.emit({
      traceId: traceId ?? this.#ids.hex(4),
      spanId: this.#ids.hex(2),
      name,
      kind,
      startUs,
      attributes: { ...this.#identity, ...more },
    });
  }
}

export const DECODE_ERROR = { 'frame.drop_reason': 'decode', 'error.type': 'decode' } as const;
