import { traceRequestFromJson } from '@halfopen/otlp';

const BEGIN_NS = BigInt(Date.UTC(2026, 9, 1, 12)) * 1_000_000n;

/** A request of two spans, as a line of JSON; each number another one. */
export function line(number: number): string {
  const at = String(BEGIN_NS + BigInt(number) * 1_000_000_000n);
  const span = (id: number) => ({
    ...{ traceId: hex(number, 32), spanId: hex(2 * number + id, 16), name: `span-${number}` },
    ...{ startTimeUnixNano: at, endTimeUnixNano: at },
  });
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'recorded' } }] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span(1), span(2)] }] }] });
}

export function lines(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => line(from + index));
}

/** The same as protobuf, behind its length. */
export function message(number: number): Buffer {
  const { bytes } = traceRequestFromJson(line(number));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
