import protobuf from 'protobufjs';
import type { Row } from './row-binary.js';

/**
 * What the rows of a message must be: decoded by protobufjs, then put together the slow way.
 *
 * Strings are declared as bytes, since protobufjs has its own way with invalid UTF-8. Ids too, which they are.
 */
const { root } = protobuf.parse(
  `syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; bytes schema_url = 3; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; bytes schema_url = 3; }
  message Scope { bytes name = 1; bytes version = 2; repeated KeyValue attributes = 3; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes trace_state = 3; bytes parent_span_id = 4; bytes name = 5;
    int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
    repeated Event events = 11; uint32 dropped_events_count = 12;
    repeated Link links = 13; uint32 dropped_links_count = 14;
    Status status = 15; fixed32 flags = 16;
  }
  message Event { fixed64 time_unix_nano = 1; bytes name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; bytes trace_state = 3; repeated KeyValue attributes = 4; }
  message Status { bytes message = 2; int32 code = 3; }
  message KeyValue { bytes key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof member {
      bytes string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
      ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }`,
);
const Request = root.lookupType('Request');

interface KeyValue {
  key: Buffer;
  value: AnyValue | null;
}

interface AnyValue {
  /** Which of the others was set last. */
  member?:
    'stringValue' | 'boolValue' | 'intValue' | 'doubleValue' | 'arrayValue' | 'kvlistValue' | 'bytesValue';
  stringValue: Buffer;
  boolValue: boolean;
  intValue: bigint;
  doubleValue: number;
  arrayValue: { values: AnyValue[] };
  kvlistValue: { values: KeyValue[] };
  bytesValue: Buffer;
}

interface Span {
  traceId: Buffer;
  spanId: Buffer;
  traceState: Buffer;
  parentSpanId: Buffer;
  name: Buffer;
  kind: number;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: KeyValue[];
  events: { timeUnixNano: bigint; name: Buffer; attributes: KeyValue[] }[];
  links: { traceId: Buffer; spanId: Buffer; traceState: Buffer; attributes: KeyValue[] }[];
  status: { message: Buffer; code: number } | null;
}

interface TraceRequest {
  resourceSpans: {
    resource: { attributes: KeyValue[] } | null;
    scopeSpans: { scope: { name: Buffer; version: Buffer } | null; spans: Span[] }[];
  }[];
}

export function expectedRows(message: Uint8Array, insertedAtS: number): Row[] {
  const request = Request.toObject(Request.decode(message), {
    longs: BigInt,
    defaults: true,
    oneofs: true,
  }) as TraceRequest;
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        Timestamp: time(span.startTimeUnixNano),
        TraceId: id(span.traceId),
        SpanId: id(span.spanId),
        ParentSpanId: id(span.parentSpanId),
        TraceState: text(span.traceState),
        SpanName: text(span.name),
        SpanKind: KINDS[span.kind] ?? 'Unspecified',
        ServiceName: asString(resource?.attributes.find(({ key }) => text(key) === 'service.name')?.value),
        ResourceAttributes: map(resource?.attributes ?? []),
        ScopeName: text(scope?.name ?? Buffer.of()),
        ScopeVersion: text(scope?.version ?? Buffer.of()),
        SpanAttributes: map(span.attributes),
        Duration: duration(span.startTimeUnixNano, span.endTimeUnixNano),
        StatusCode: CODES[span.status?.code ?? 0] ?? 'Unset',
        StatusMessage: text(span.status?.message ?? Buffer.of()),
        'Events.Timestamp': span.events.map((event) => time(event.timeUnixNano)),
        'Events.Name': span.events.map((event) => text(event.name)),
        'Events.Attributes': span.events.map((event) => map(event.attributes)),
        'Links.TraceId': span.links.map((link) => id(link.traceId)),
        'Links.SpanId': span.links.map((link) => id(link.spanId)),
        'Links.TraceState': span.links.map((link) => text(link.traceState)),
        'Links.Attributes': span.links.map((link) => map(link.attributes)),
        InsertedAt: insertedAtS,
      })),
    ),
  );
}

const KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'];
const CODES = ['Unset', 'Ok', 'Error'];
const INT64_MAX = 2n ** 63n - 1n;

function time(unixNano: bigint): bigint {
  return unixNano > INT64_MAX ? INT64_MAX : unixNano;
}

function duration(start: bigint, end: bigint): bigint {
  return end < start ? 0n : end - start;
}

function id(bytes: Buffer): string {
  return bytes.every((byte) => byte === 0) ? '' : bytes.toString('hex');
}

/** V8's own UTF-8 decoder, which replaces as the WHATWG one does. */
function text(utf8: Buffer): string {
  return utf8.toString('utf8');
}

function map(attributes: KeyValue[]): [string, string][] {
  return attributes.map(({ key, value }) => [text(key), asString(value)]);
}

function asString(value: AnyValue | null | undefined): string {
  if (value?.member === undefined) return '';
  if (value.member === 'stringValue') return text(value.stringValue);
  if (value.member === 'bytesValue') return value.bytesValue.toString('base64');
  if (value.member === 'doubleValue' && !Number.isFinite(value.doubleValue)) return String(value.doubleValue);
  return json(value);
}

function json(value: AnyValue | null): string {
  switch (value?.member) {
    case undefined:
      return 'null';
    case 'stringValue':
      return jsonString(text(value.stringValue));
    case 'boolValue':
      return value.boolValue ? 'true' : 'false';
    case 'intValue':
      return value.intValue.toString();
    case 'doubleValue':
      return jsonDouble(value.doubleValue);
    case 'arrayValue':
      return `[${value.arrayValue.values.map(json).join(',')}]`;
    case 'kvlistValue': {
      const members = new Map(
        value.kvlistValue.values.map((member) => [text(member.key), json(member.value)]),
      );
      const keys = [...members.keys()].sort();
      return `{${keys.map((key) => `${jsonString(key)}:${members.get(key) ?? ''}`).join(',')}}`;
    }
    case 'bytesValue':
      return JSON.stringify(value.bytesValue.toString('base64'));
  }
}

function jsonString(value: string): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
}

function jsonDouble(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
}
