import type { FrameOutcome, Stage } from '@halfopen/telemetry';
import { SpanKind, type Context } from '@opentelemetry/api';
import type { Clock } from '../clock.js';
import { sampled, type Frame } from './frame.js';
import type { Attributes, SpanWriter } from './spans.js';
import { Watchdog, type OpenStage } from './watchdog.js';

/** A frame at this end, with the trace that its stages here make up. */
export interface Followed {
  readonly frame: Frame;
  /** Undefined until its first stage is told, and for frames that have no spans. */
  context: Context | undefined;
}

/** How a stage ended. */
export interface Ending {
  readonly outcome: FrameOutcome;
  readonly ended_ms?: number;
  readonly dropReason?: string;
  readonly errorType?: string;
}

/** Ends a stage; undefined: it never was one. Only the first call counts. */
export type End = (ending: Ending | undefined) => void;

export const OK: Ending = { outcome: 'ok' };

/** OpenTelemetry's messaging conventions, `messaging.operation.type`. */
const OPERATIONS: Readonly<Record<Stage, string>> = {
  enqueue: 'create',
  socket_write: 'send',
  receive: 'receive',
  execute: 'process',
  ack: 'settle',
};

/** Tells stages of frames as spans, and meanwhile those that stay open. */
export class StageTeller {
  readonly #watchdog: Watchdog;

  constructor(
    private readonly spans: SpanWriter,
    private readonly clock: Clock,
    /** One frame in so many is told of. */
    private readonly sampleRate: number,
    pendingAfterMs: number,
  ) {
    this.#watchdog = new Watchdog(pendingAfterMs);
  }

  /** A stage that has begun and will end. */
  open(stage: Stage, followed: Followed, more: Attributes = {}, begun_ms = this.clock.now()): End {
    if (!this.#tells(followed.frame)) return () => undefined;
    const open: OpenStage = {
      begun_ms,
      report: (ended_ms) => {
        this.#write(stage, followed, begun_ms, { outcome: 'pending', ended_ms }, more);
      },
    };
    this.#watchdog.watch(open);
    let ended = false;
    return (ending) => {
      if (ended) return;
      ended = true;
      this.#watchdog.ended(open);
      if (ending !== undefined) this.#write(stage, followed, begun_ms, ending, more);
    };
  }

  /** A stage that is over. */
  tell(stage: Stage, followed: Followed, ending: Ending, begun_ms = this.clock.now()): void {
    if (this.#tells(followed.frame)) this.#write(stage, followed, begun_ms, ending, {});
  }

  /** What is no frame: always told, it has no id to choose by. */
  tellUndecodable(stage: 'enqueue' | 'receive', frame: Frame, ending: Ending): void {
    this.#write(stage, { frame, context: undefined }, this.clock.now(), ending, {});
  }

  /** Reports what has been open for long. */
  look(): void {
    this.#watchdog.look(this.clock.now());
  }

  #tells({ id }: Frame): boolean {
    return id !== undefined && sampled(id, this.sampleRate);
  }

  #write(stage: Stage, followed: Followed, begun_ms: number, ending: Ending, more: Attributes): void {
    const { frame, context } = followed;
    const sends = stage === 'enqueue' || stage === 'socket_write';
    const told = {
      name: `frame.${stage}`,
      kind: sends ? SpanKind.PRODUCER : SpanKind.CONSUMER,
      start_ms: begun_ms,
      end_ms: ending.ended_ms ?? this.clock.now(),
      attributes: {
        'frame.stage': stage,
        'frame.direction': frame.direction,
        'frame.id': frame.id,
        'frame.seq': frame.seq,
        'frame.type': frame.type,
        'frame.kind': frame.kind,
        'frame.size': frame.size,
        'frame.reply_to': frame.replyTo,
        'frame.outcome': ending.outcome,
        'frame.drop_reason': ending.dropReason,
        'error.type': ending.errorType,
        'frame.sample_rate': this.sampleRate > 1 ? this.sampleRate : undefined,
        'messaging.operation.type': OPERATIONS[stage],
        'messaging.message.id': frame.id,
        ...more,
      },
    } as const;
    const own = this.spans.write(told, context);
    followed.context ??= own; // the first stage that is told is the trace's root
  }
}
