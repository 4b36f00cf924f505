/**
 * The messages of an OTLP trace request as tables: what the structural check and the JSON encoder walk by. The field
 * numbers are those of `fields.ts`, whose keys are also the fields' JSON names.
 */
import * as numbers from './fields.js';
import { WireType } from './wire.js';

const wireTypes = {
  message: WireType.delimited,
  string: WireType.delimited,
  bytes: WireType.delimited,
  id: WireType.delimited,
  bool: WireType.varint,
  int64: WireType.varint,
  uint32: WireType.varint,
  enum: WireType.varint,
  fixed32: WireType.fixed32,
  fixed64: WireType.fixed64,
  double: WireType.fixed64,
} as const;

type FieldKind = keyof typeof wireTypes;

interface FieldType {
  readonly kind: FieldKind;
  readonly repeated?: boolean;
  readonly message?: MessageShape;
  readonly idLength?: number;
  readonly enumNames?: ReadonlyMap<string, number>;
}

/** A class and no literal, so that V8 sees one kind of object: the structural check takes half as long. */
export class FieldShape {
  readonly wireType: number;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  /** What a field of kind `message` holds. */
  readonly message: MessageShape | undefined;
  /** Bytes of an `id`; 0 for every other kind. */
  readonly idLength: number;
  /** What the names of an `enum` stand for. */
  readonly enumNames: ReadonlyMap<string, number> | undefined;

  constructor(
    /** As in OTLP/JSON: lowerCamelCase. */
    readonly name: string,
    readonly number: number,
    type: FieldType,
  ) {
    this.wireType = wireTypes[type.kind];
    this.kind = type.kind;
    this.repeated = type.repeated ?? false;
    this.message = type.message;
    this.idLength = type.idLength ?? 0;
    this.enumNames = type.enumNames;
  }
}

export interface MessageShape {
  readonly byNumber: ReadonlyMap<number, FieldShape>;
  readonly byName: ReadonlyMap<string, FieldShape>;
  /** 256 places: the length-delimited fields whose tag is one byte, by that byte. For the hot path of the check. */
  readonly byDelimitedTag: readonly (FieldShape | undefined)[];
}

/** The names of all fields of all messages. */
export const fieldNames = new Set<string>();

/** A message that is defined after it is made, so that messages can contain each other. */
class Message implements MessageShape {
  readonly byNumber = new Map<number, FieldShape>();
  readonly byName = new Map<string, FieldShape>();
  readonly byDelimitedTag = new Array<FieldShape | undefined>(256).fill(undefined);

  define<Name extends string>(numberOf: Record<Name, number>, types: Record<Name, FieldType>): this {
    for (const name of Object.keys(numberOf) as Name[]) {
      const number = numberOf[name];
      const field = new FieldShape(name, number, types[name]);
      this.byNumber.set(number, field);
      this.byName.set(name, field);
      fieldNames.add(name);
      const isShort = number < 16 && field.wireType === WireType.delimited;
      if (isShort) this.byDelimitedTag[(number << 3) | WireType.delimited] = field;
    }
    return this;
  }
}

function scalar(kind: FieldKind): FieldType {
  return { kind };
}

function one(message: MessageShape): FieldType {
  return { kind: 'message', message };
}

function many(message: MessageShape): FieldType {
  return { kind: 'message', message, repeated: true };
}

function id(idLength: number): FieldType {
  return { kind: 'id', idLength };
}

function names(prefix: string, inOrder: readonly string[]): FieldType {
  return { kind: 'enum', enumNames: new Map(inOrder.map((name, value) => [prefix + name, value])) };
}

const string = scalar('string');
const strings: FieldType = { kind: 'string', repeated: true };
const uint32 = scalar('uint32');
const traceId = id(16);
const spanId = id(8);

const anyValue = new Message();
const keyValue = new Message().define(numbers.KeyValue, { key: string, value: one(anyValue) });
const attributes = many(keyValue);

anyValue.define(numbers.AnyValue, {
  stringValue: string,
  boolValue: scalar('bool'),
  intValue: scalar('int64'),
  doubleValue: scalar('double'),
  arrayValue: one(new Message().define(numbers.ArrayValue, { values: many(anyValue) })),
  kvlistValue: one(new Message().define(numbers.KeyValueList, { values: attributes })),
  bytesValue: scalar('bytes'),
});

const entityRef = new Message().define(numbers.EntityRef, {
  schemaUrl: string,
  type: string,
  idKeys: strings,
  descriptionKeys: strings,
});

const resource = new Message().define(numbers.Resource, {
  attributes,
  droppedAttributesCount: uint32,
  entityRefs: many(entityRef),
});

const scope = new Message().define(numbers.InstrumentationScope, {
  name: string,
  version: string,
  attributes,
  droppedAttributesCount: uint32,
});

const spanEvent = new Message().define(numbers.SpanEvent, {
  timeUnixNano: scalar('fixed64'),
  name: string,
  attributes,
  droppedAttributesCount: uint32,
});

const spanLink = new Message().define(numbers.SpanLink, {
  traceId,
  spanId,
  traceState: string,
  attributes,
  droppedAttributesCount: uint32,
  flags: scalar('fixed32'),
});

const status = new Message().define(numbers.Status, {
  message: string,
  code: names('STATUS_CODE_', ['UNSET', 'OK', 'ERROR']),
});

const span = new Message().define(numbers.Span, {
  traceId,
  spanId,
  traceState: string,
  parentSpanId: spanId,
  name: string,
  kind: names('SPAN_KIND_', ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']),
  startTimeUnixNano: scalar('fixed64'),
  endTimeUnixNano: scalar('fixed64'),
  attributes,
  droppedAttributesCount: uint32,
  events: many(spanEvent),
  droppedEventsCount: uint32,
  links: many(spanLink),
  droppedLinksCount: uint32,
  status: one(status),
  flags: scalar('fixed32'),
});

const scopeSpans = new Message().define(numbers.ScopeSpans, {
  scope: one(scope),
  spans: many(span),
  schemaUrl: string,
});

const resourceSpans = new Message().define(numbers.ResourceSpans, {
  resource: one(resource),
  scopeSpans: many(scopeSpans),
  schemaUrl: string,
});

/** The whole request: `ExportTraceServiceRequest`. */
export const traceRequestShape: MessageShape = new Message().define(numbers.ExportTraceServiceRequest, {
  resourceSpans: many(resourceSpans),
});

/** What is counted. */
export const spanShape: MessageShape = span;

/** Nests in itself through arrayValue and kvlistValue, ANY_VALUE_DEPTH_MAX deep at most. */
export const anyValueShape: MessageShape = anyValue;
