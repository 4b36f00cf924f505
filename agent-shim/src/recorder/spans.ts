import type { AttributeName, SpanName } from '@halfopen/telemetry';
import { ROOT_CONTEXT, SpanKind, trace, type Context, type Tracer } from '@opentelemetry/api';
import type { Guard } from '../guard.js';

export type Attributes = Partial<
  Record<AttributeName | MessagingName, string | number | boolean | undefined>
>;

/** OpenTelemetry's messaging conventions, where they have a name for it. */
type MessagingName = 'messaging.system' | 'messaging.operation.type' | 'messaging.message.id';

export interface Told {
  readonly name: SpanName;
  readonly kind: SpanKind;
  /** Unix time, ms. */
  readonly start_ms: number;
  readonly end_ms: number;
  readonly attributes: Attributes;
}

/** Longer strings are cut: they come from the peer. */
const STRING_CHARACTERS_MAX = 256;

/** The shortest span: a root of no duration is not listed by Grafana's trace search. */
const DURATION_MS_MIN = 0.001;

/** Makes finished spans of what is told. A tracer that throws is kept from the host here. */
export class SpanWriter {
  constructor(
    private readonly tracer: Tracer,
    /** On every span. */
    private readonly common: () => Attributes,
    private readonly guard: Guard,
  ) {}

  /** @returns the context for spans that continue the trace, which begins with this one unless `parent` is given */
  write(
    { name, kind, start_ms, end_ms, attributes }: Told,
    parent: Context = ROOT_CONTEXT,
  ): Context | undefined {
    return this.guard.run(() => {
      const options = { kind, startTime: start_ms, attributes: cut({ ...this.common(), ...attributes }) };
      const span = this.tracer.startSpan(name, options, parent);
      span.end(Math.max(end_ms, start_ms + DURATION_MS_MIN));
      return trace.setSpanContext(ROOT_CONTEXT, span.spanContext()); // not the span itself: it would stay in memory
    });
  }

  /** A span without duration. */
  mark(name: SpanName, at_ms: number, attributes: Attributes): void {
    this.guard.run(() => {
      const cutOff = cut({ ...this.common(), ...attributes });
      this.tracer
        .startSpan(name, { kind: SpanKind.INTERNAL, startTime: at_ms, attributes: cutOff }, ROOT_CONTEXT)
        .end(at_ms);
    });
  }
}

function cut(attributes: Attributes): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string') kept[name] = value.slice(0, STRING_CHARACTERS_MAX);
    else if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
      kept[name] = value;
  }
  return kept;
}
