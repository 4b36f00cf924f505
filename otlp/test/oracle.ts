/**
 * An independent reading of OTLP: protobufjs, by the published definitions (opentelemetry-proto 1.x, google.rpc), whose
 * field numbers are written down here once more and are not taken from the sources.
 */
import protobuf from 'protobufjs';

type Fields = Record<string, [id: number, type: string, rule?: 'repeated']>;

function message(fields: Fields): protobuf.IType {
  const entries = Object.entries(fields).map(([name, [id, type, rule]]) => {
    return [name, rule === undefined ? { id, type } : { id, type, rule }] as const;
  });
  return { fields: Object.fromEntries(entries) };
}

const definitions: protobuf.INamespace = {
  nested: {
    Request: message({ resourceSpans: [1, 'ResourceSpans', 'repeated'] }),
    ResourceSpans: message({
      resource: [1, 'Resource'],
      scopeSpans: [2, 'ScopeSpans', 'repeated'],
      schemaUrl: [3, 'string'],
    }),
    Resource: message({
      attributes: [1, 'KeyValue', 'repeated'],
      droppedAttributesCount: [2, 'uint32'],
      entityRefs: [3, 'EntityRef', 'repeated'],
    }),
    EntityRef: message({
      schemaUrl: [1, 'string'],
      type: [2, 'string'],
      idKeys: [3, 'string', 'repeated'],
      descriptionKeys: [4, 'string', 'repeated'],
    }),
    ScopeSpans: message({ scope: [1, 'Scope'], spans: [2, 'Span', 'repeated'], schemaUrl: [3, 'string'] }),
    Scope: message({
      name: [1, 'string'],
      version: [2, 'string'],
      attributes: [3, 'KeyValue', 'repeated'],
      droppedAttributesCount: [4, 'uint32'],
    }),
    Span: message({
      traceId: [1, 'bytes'],
      spanId: [2, 'bytes'],
      traceState: [3, 'string'],
      parentSpanId: [4, 'bytes'],
      name: [5, 'string'],
      kind: [6, 'int32'],
      startTimeUnixNano: [7, 'fixed64'],
      endTimeUnixNano: [8, 'fixed64'],
      attributes: [9, 'KeyValue', 'repeated'],
      droppedAttributesCount: [10, 'uint32'],
      events: [11, 'Event', 'repeated'],
      droppedEventsCount: [12, 'uint32'],
      links: [13, 'Link', 'repeated'],
      droppedLinksCount: [14, 'uint32'],
      status: [15, 'Status'],
      flags: [16, 'fixed32'],
    }),
    Event: message({
      timeUnixNano: [1, 'fixed64'],
      name: [2, 'string'],
      attributes: [3, 'KeyValue', 'repeated'],
      droppedAttributesCount: [4, 'uint32'],
    }),
    Link: message({
      traceId: [1, 'bytes'],
      spanId: [2, 'bytes'],
      traceState: [3, 'string'],
      attributes: [4, 'KeyValue', 'repeated'],
      droppedAttributesCount: [5, 'uint32'],
      flags: [6, 'fixed32'],
    }),
    Status: message({ message: [2, 'string'], code: [3, 'int32'] }),
    KeyValue: message({ key: [1, 'string'], value: [2, 'AnyValue'] }),
    AnyValue: {
      oneofs: {
        value: {
          oneof: [
            'stringValue',
            'boolValue',
            'intValue',
            'doubleValue',
            'arrayValue',
            'kvlistValue',
            'bytesValue',
          ],
        },
      },
      ...message({
        stringValue: [1, 'string'],
        boolValue: [2, 'bool'],
        intValue: [3, 'int64'],
        doubleValue: [4, 'double'],
        arrayValue: [5, 'ArrayValue'],
        kvlistValue: [6, 'KeyValueList'],
        bytesValue: [7, 'bytes'],
      }),
    },
    ArrayValue: message({ values: [1, 'AnyValue', 'repeated'] }),
    KeyValueList: message({ values: [1, 'KeyValue', 'repeated'] }),
    Response: message({ partialSuccess: [1, 'PartialSuccess'] }),
    PartialSuccess: message({ rejectedSpans: [1, 'int64'], errorMessage: [2, 'string'] }),
    RpcStatus: message({ code: [1, 'int32'], message: [2, 'string'] }),
    LogsRequest: message({ resourceLogs: [1, 'ResourceLogs', 'repeated'] }),
    ResourceLogs: message({ resource: [1, 'Resource'], scopeLogs: [2, 'ScopeLogs', 'repeated'] }),
    ScopeLogs: message({ scope: [1, 'Scope'], logRecords: [2, 'LogRecord', 'repeated'] }),
    LogRecord: message({
      timeUnixNano: [1, 'fixed64'],
      severityNumber: [2, 'int32'],
      body: [5, 'AnyValue'],
      observedTimeUnixNano: [11, 'fixed64'],
    }),
    MetricsRequest: message({ resourceMetrics: [1, 'ResourceMetrics', 'repeated'] }),
    ResourceMetrics: message({ resource: [1, 'Resource'], scopeMetrics: [2, 'ScopeMetrics', 'repeated'] }),
    ScopeMetrics: message({ scope: [1, 'Scope'], metrics: [2, 'Metric', 'repeated'] }),
    Metric: message({ name: [1, 'string'], description: [2, 'string'], unit: [3, 'string'] }),
  },
};
const root = protobuf.Root.fromJSON(definitions);

/** Bytes of a message. Bytes fields are given as Uint8Array or base64, 64-bit integers as decimal strings. */
export function encode(type: string, fields: object): Uint8Array {
  const lookedUp = root.lookupType(type);
  return lookedUp.encode(lookedUp.fromObject(fields)).finish();
}

/** A message as a plain object: only what is set, bytes as base64, 64-bit integers as decimal strings. */
export function decode(type: string, bytes: Uint8Array): Record<string, unknown> {
  const lookedUp = root.lookupType(type);
  return lookedUp.toObject(lookedUp.decode(bytes), { longs: String, bytes: String });
}

const idNames = new Set(['traceId', 'spanId', 'parentSpanId']);

/** A request in OTLP/JSON as `encode` takes it: ids from hex to base64, nulls left out. */
export function fromOtlpJson(json: unknown): object {
  const text = JSON.stringify(json, (name, value: unknown) => {
    if (value === null) return undefined;
    return idNames.has(name) && typeof value === 'string'
      ? Buffer.from(value, 'hex').toString('base64')
      : value;
  });
  return JSON.parse(text) as object;
}

/** protobufjs refuses strings that are no UTF-8, which the check accepts: so here they are bytes. */
const rootWithoutStrings = protobuf.Root.fromJSON(
  JSON.parse(JSON.stringify(definitions).replaceAll('"string"', '"bytes"')) as protobuf.INamespace,
);

/** Spans in a request. Throws where protobufjs finds it malformed. */
export function countSpans(bytes: Uint8Array): number {
  const request = rootWithoutStrings.lookupType('Request');
  const { resourceSpans = [] } = request.toObject(request.decode(bytes)) as {
    resourceSpans?: { scopeSpans?: { spans?: unknown[] }[] }[];
  };
  const scopes = resourceSpans.flatMap((resource) => resource.scopeSpans ?? []);
  return scopes.reduce((count, scope) => count + (scope.spans ?? []).length, 0);
}
