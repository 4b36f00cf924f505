import type { SpanName } from '../spans.js';

/** How an attribute's value is typed in OTLP. */
export type AttributeType = 'string' | 'int' | 'double' | 'bool';

/** What an `int` counts. Names that carry their unit end in it (`_ms`). */
export type AttributeUnit = 'ms' | 'bytes' | 'frames' | 'executions';

export interface Attribute {
  readonly type: AttributeType;
  readonly unit?: AttributeUnit;
  /** The spans it occurs on. */
  readonly spans: readonly SpanName[];
  /** True: a span about a channel or frame that lacks it is stored, and not read as such. Otherwise absent means unobserved. */
  readonly required?: true;
  /** The values it takes: all of them, or the well-known ones if `open`. */
  readonly values?: readonly string[];
  /** Applications may use values of their own. */
  readonly open?: true;
  readonly meaning: string;
}
