import { traceRequestFromJson } from '@halfopen/otlp';

/** Spans of one request: the OpenTelemetry SDKs' default batch. */
export const SPANS_PER_REQUEST = 512;

/** Frames are spread over so many channels. */
const CHANNELS = 200;

/**
 * Protobuf requests of frame spans, each span with 12 attributes of the contract and about 410 bytes. Deterministic, and
 * every request other bytes than any before, or it would be dropped as sent again.
 */
export function* requests(
  count: number,
  firstSpan = 0,
  spansEach = SPANS_PER_REQUEST,
): Generator<Uint8Array> {
  for (let index = 0; index < count; index++) yield request(firstSpan + index * spansEach, spansEach);
}

function request(first: number, count: number): Uint8Array {
  const spans = Array.from({ length: count }, (_, index) => span(first + index));
  const resource = {
    attributes: [text('service.name', 'control-server'), text('service.instance.id', 'server-1')],
  };
  return traceRequestFromJson(
    JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'bench' }, spans }] }] }),
  ).bytes;
}

const BEGIN_NS = 1_790_856_000_000_000_000n;

function span(n: number): object {
  const channel = `agent-${n % CHANNELS}`;
  const start = BEGIN_NS + BigInt(n) * 100_000n;
  return {
    traceId: n.toString(16).padStart(32, 'a'),
    spanId: n.toString(16).padStart(16, 'b'),
    name: 'frame.receive',
    kind: 5,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 1_200_000n),
    attributes: [
      text('channel.id', channel),
      text('channel.connection.id', `${channel}-c1`),
      text('channel.end', 'server'),
      text('channel.transport', 'websocket'),
      text('channel.site', `site-${n % 7}`),
      text('frame.stage', 'receive'),
      text('frame.direction', 'to_server'),
      text('frame.id', `a${n}-${channel}`),
      text('frame.type', 'text'),
      text('frame.kind', n % 3 === 0 ? 'heartbeat' : 'result'),
      { key: 'frame.size', value: { intValue: String(100 + (n % 900)) } },
      text('frame.outcome', 'ok'),
    ],
    status: {},
  };
}

function text(key: string, stringValue: string): object {
  return { key, value: { stringValue } };
}
