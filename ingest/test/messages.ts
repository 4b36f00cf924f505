import { batchId, ExportTraceServiceRequest, ResourceSpans, ScopeSpans, Span } from '@halfopen/otlp';

export interface Message {
  readonly batchId: string;
  readonly value: Uint8Array;
}

/** A message of spans with these names, all started at this second. */
export function messageOf(names: readonly string[], startS = 1_790_000_000): Message {
  const startNs = Buffer.alloc(8);
  startNs.writeBigUInt64LE(BigInt(startS) * 1_000_000_000n);
  const spans = names.map((name) => {
    const start = Buffer.concat([Buffer.of((Span.startTimeUnixNano << 3) | 1), startNs]);
    return delimited(ScopeSpans.spans, Buffer.concat([start, delimited(Span.name, Buffer.from(name))]));
  });
  const scopeSpans = delimited(ResourceSpans.scopeSpans, Buffer.concat(spans));
  return withBatchId(delimited(ExportTraceServiceRequest.resourceSpans, scopeSpans));
}

/** Bytes that are no OTLP request: reading stops at the third of them. */
export function malformedMessage(text: string): Message {
  return withBatchId(Buffer.concat([Buffer.of(0x0a, 0x01, 0xff), Buffer.from(text)]));
}

export function withBatchId(value: Uint8Array): Message {
  return { batchId: batchId(value), value };
}

/** A length-delimited field of protobuf. */
export function delimited(field: number, content: Uint8Array): Buffer {
  const head: number[] = [(field << 3) | 2];
  let rest = content.length;
  for (; rest >= 0x80; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest]), content]);
}
