import type { RowBatch } from '../src/index.js';

/** A span as tests write it; what is left out is empty. */
export interface TestSpan {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly resource?: Readonly<Record<string, string>>;
  /** ns since 1970. */
  readonly start?: bigint;
  readonly durationNs?: bigint;
  readonly traceId?: string;
  /** Seconds since 1970. */
  readonly insertedAt?: number;
}

const COLUMNS = [
  { name: 'Timestamp', type: 'DateTime64(9)' },
  { name: 'TraceId', type: 'String' },
  { name: 'SpanName', type: 'LowCardinality(String)' },
  { name: 'ResourceAttributes', type: 'Map(LowCardinality(String), String)' },
  { name: 'SpanAttributes', type: 'Map(LowCardinality(String), String)' },
  { name: 'Duration', type: 'UInt64' },
  { name: 'InsertedAt', type: 'DateTime' },
] as const;

/** Rows of `otel_traces` in RowBinary, with the columns that views read. */
export function spansBatch(spans: readonly TestSpan[]): RowBatch {
  const bytes = Buffer.concat(spans.map(encodeSpan));
  return { table: 'otel_traces', columns: COLUMNS, chunks: [bytes], rows: spans.length };
}

function encodeSpan(span: TestSpan): Uint8Array {
  const start = Buffer.alloc(8);
  start.writeBigInt64LE(span.start ?? 0n);
  const durationAndInsertion = Buffer.alloc(12);
  durationAndInsertion.writeBigUInt64LE(span.durationNs ?? 0n);
  durationAndInsertion.writeUInt32LE(span.insertedAt ?? Math.floor(Date.now() / 1000), 8);
  return Buffer.concat([
    start,
    encodeString(span.traceId ?? ''),
    encodeString(span.name),
    encodeMap(span.resource ?? {}),
    encodeMap(span.attributes ?? {}),
    durationAndInsertion,
  ]);
}

function encodeMap(entries: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(entries);
  return Buffer.concat([encodeVarint(pairs.length), ...pairs.flat().map(encodeString)]);
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([encodeVarint(bytes.length), bytes]);
}

function encodeVarint(value: number): Buffer {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
