/**
 * Field numbers of the messages in an OTLP trace request, from opentelemetry-proto 1.x:
 * collector/trace/v1/trace_service.proto, trace/v1/trace.proto, resource/v1/resource.proto, common/v1/common.proto.
 * Wire types are in the comments where they are not length-delimited.
 */

export const ExportTraceServiceRequest = { resourceSpans: 1 } as const;

export const ExportTraceServiceResponse = { partialSuccess: 1 } as const;
/** rejected_spans is a varint (int64). */
export const ExportTracePartialSuccess = { rejectedSpans: 1, errorMessage: 2 } as const;

export const ResourceSpans = { resource: 1, scopeSpans: 2, schemaUrl: 3 } as const;

/** dropped_attributes_count is a varint. */
export const Resource = { attributes: 1, droppedAttributesCount: 2, entityRefs: 3 } as const;

export const EntityRef = { schemaUrl: 1, type: 2, idKeys: 3, descriptionKeys: 4 } as const;

export const ScopeSpans = { scope: 1, spans: 2, schemaUrl: 3 } as const;

/** dropped_attributes_count is a varint. */
export const InstrumentationScope = {
  name: 1,
  version: 2,
  attributes: 3,
  droppedAttributesCount: 4,
} as const;

/** kind and the dropped counts are varints, the times fixed64 (ns since 1970, unsigned), flags fixed32. */
export const Span = {
  traceId: 1,
  spanId: 2,
  traceState: 3,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  startTimeUnixNano: 7,
  endTimeUnixNano: 8,
  attributes: 9,
  droppedAttributesCount: 10,
  events: 11,
  droppedEventsCount: 12,
  links: 13,
  droppedLinksCount: 14,
  status: 15,
  flags: 16,
} as const;

/** time_unix_nano is fixed64, dropped_attributes_count a varint. */
export const SpanEvent = { timeUnixNano: 1, name: 2, attributes: 3, droppedAttributesCount: 4 } as const;

/** dropped_attributes_count is a varint, flags fixed32. */
export const SpanLink = {
  traceId: 1,
  spanId: 2,
  traceState: 3,
  attributes: 4,
  droppedAttributesCount: 5,
  flags: 6,
} as const;

/** code is a varint; field 1 is reserved. */
export const Status = { message: 2, code: 3 } as const;

/** Field 3 (key_strindex) has a meaning in profiles only: here it is an unknown field. */
export const KeyValue = { key: 1, value: 2 } as const;

/** One of these: bool and int are varints, double is fixed64. Field 8 (string_value_strindex) is for profiles only. */
export const AnyValue = {
  stringValue: 1,
  boolValue: 2,
  intValue: 3,
  doubleValue: 4,
  arrayValue: 5,
  kvlistValue: 6,
  bytesValue: 7,
} as const;

export const ArrayValue = { values: 1 } as const;

export const KeyValueList = { values: 1 } as const;

/**
 * How deep AnyValues may nest: one that is an attribute's value has depth 1, an element of an array or kvlist in it
 * depth 2. Deeper is refused (WireError `too-deep`): no instrumentation nests so far, and walkers recurse.
 */
export const ANY_VALUE_DEPTH_MAX = 32;
