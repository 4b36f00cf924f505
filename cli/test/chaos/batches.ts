import { traceRequestFromJson } from '@halfopen/otlp';

/** One message of load: so many spans of its own. */
export interface Batch {
  readonly number: number;
  readonly spans: number;
  readonly bytes: Uint8Array;
}

/** Frames of healthy channels, ended now. The batch's number is in each span's trace id, and the spans' in their own. */
export function batch(number: number, spans: number): Batch {
  const now_ns = BigInt(Date.now()) * 1_000_000n;
  const { bytes } = traceRequestFromJson(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [text('service.name', 'load')] },
          scopeSpans: [{ spans: Array.from({ length: spans }, (_, index) => span(number, index, now_ns)) }],
        },
      ],
    }),
  );
  return { number, spans, bytes };
}

/** @returns the trace id of a batch, as the tables have it */
export function traceIdOf(number: number): string {
  return (number + 1).toString(16).padStart(32, '0');
}

function span(number: number, index: number, now_ns: bigint): object {
  return {
    traceId: traceIdOf(number),
    spanId: (number * 1_000_000 + index + 1).toString(16).padStart(16, '0'),
    name: 'frame.receive',
    kind: 5,
    startTimeUnixNano: String(now_ns - 1_000_000n),
    endTimeUnixNano: String(now_ns),
    attributes: [
      text('channel.id', `load-${number % 50}`),
      text('channel.end', 'server'),
      text('frame.stage', 'receive'),
      text('frame.direction', 'to_server'),
      text('frame.id', `${number}-${index}`),
      text('frame.kind', 'result'),
      text('frame.outcome', 'ok'),
    ],
    status: {},
  };
}

function text(key: string, stringValue: string): object {
  return { key, value: { stringValue } };
}
