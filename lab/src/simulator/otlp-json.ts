import { ATTRIBUTES, type AttributeName } from '@halfopen/telemetry';

/** OTLP's JSON encoding, as far as the simulator writes it: 64-bit integers are decimal strings, ids are hex. */
export interface AnyValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: object;
}

export interface ExportTraceServiceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly Span[];
    }[];
  }[];
}

/** OpenTelemetry's span kinds, as numbers on the wire. */
export const SPAN_KIND = { internal: 1, producer: 4, consumer: 5 } as const;
export type SpanKind = (typeof SPAN_KIND)[keyof typeof SPAN_KIND];

/** Span attributes by the contract's names; one that is undefined is left out. */
export type Attributes = Readonly<Partial<Record<AttributeName, string | number | boolean | undefined>>>;

/** Encodes each value as the contract types its name. */
export function keyValues(attributes: Attributes): KeyValue[] {
  const pairs: KeyValue[] = [];
  for (const name of Object.keys(attributes) as AttributeName[]) {
    const value = attributes[name];
    if (value !== undefined) pairs.push({ key: name, value: anyValue(name, value) });
  }
  return pairs;
}

function anyValue(name: AttributeName, value: string | number | boolean): AnyValue {
  switch (ATTRIBUTES[name].type) {
    case 'string':
      return { stringValue: String(value) };
    case 'int':
      return { intValue: String(Math.round(Number(value))) };
    case 'double':
      return { doubleValue: Number(value) };
    case 'bool':
      return { boolValue: Boolean(value) };
  }
}
