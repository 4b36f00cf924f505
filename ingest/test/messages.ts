import {
  AnyValue,
  batchId,
  ExportTraceServiceRequest,
  KeyValue,
  ResourceSpans,
  ScopeSpans,
  Span,
} from '@halfopen/otlp';
import { delimited, fixed64 } from './transcode/wire-bytes.js';

export interface Message {
  readonly batchId: string;
  readonly value: Uint8Array;
}

/** A message of spans with these names, all of them started at this second and with these attributes. */
export function messageOf(
  names: readonly string[],
  startS = 1_790_000_000,
  attributes: Readonly<Record<string, string>> = {},
): Message {
  const startNs = BigInt(startS) * 1_000_000_000n;
  const keyValues = Object.entries(attributes).map(([key, value]) =>
    delimited(
      Span.attributes,
      delimited(KeyValue.key, key),
      delimited(KeyValue.value, delimited(AnyValue.stringValue, value)),
    ),
  );
  const spans = names.map((name) =>
    delimited(
      ScopeSpans.spans,
      fixed64(Span.startTimeUnixNano, startNs),
      delimited(Span.name, name),
      ...keyValues,
    ),
  );
  return withBatchId(
    delimited(ExportTraceServiceRequest.resourceSpans, delimited(ResourceSpans.scopeSpans, ...spans)),
  );
}

/** Bytes that are no OTLP request: a length reaches past the end. */
export function malformedMessage(text: string): Message {
  return withBatchId(Buffer.concat([Buffer.of(0x0a, 0x7f), Buffer.from(text)]));
}

export function withBatchId(value: Uint8Array): Message {
  return { batchId: batchId(value), value };
}
