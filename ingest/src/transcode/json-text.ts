import {
  ANY_VALUE_DEPTH_MAX,
  AnyValue,
  ArrayValue,
  KeyValue,
  KeyValueList,
  WireError,
  type WireReader,
} from '@halfopen/otlp';
import { base64Text, doubleText, integerText, utf8Text } from './value-text.js';

/**
 * Arrays and kvlists as JSON, as the OpenTelemetry Collector's pdata does with Go's encoding/json: no spaces, bytes as
 * base64, an empty value as null. NaN and the infinities become strings, where Go gives up and writes nothing at all.
 */

/** The ArrayValue that the reader is within, itself in an AnyValue at `depth`. */
export function jsonOfArray(reader: WireReader, depth: number): string {
  const items: string[] = [];
  while (reader.next()) {
    if (reader.field === ArrayValue.values) items.push(jsonOfValue(reader, depth + 1, 'null'));
    else reader.skip();
  }
  return `[${items.join(',')}]`;
}

/** The KeyValueList that the reader is within: keys sorted, of a repeated key the last value. */
export function jsonOfKvlist(reader: WireReader, depth: number): string {
  const members = new Map<string, string>();
  while (reader.next()) {
    if (reader.field === KeyValueList.values) addMember(members, reader, depth);
    else reader.skip();
  }
  const keys = [...members.keys()].sort();
  return `{${keys.map((key) => members.get(key)).join(',')}}`;
}

/** Reads the current field, a KeyValue, into its text by its key. */
function addMember(members: Map<string, string>, reader: WireReader, depth: number): void {
  const outerEnd = reader.enter();
  let key = '';
  let value = 'null';
  while (reader.next()) {
    if (reader.field === KeyValue.key) key = utf8Text(readBytes(reader));
    else if (reader.field === KeyValue.value) value = jsonOfValue(reader, depth + 1, value);
    else reader.skip();
  }
  reader.leave(outerEnd);
  members.set(key, `${jsonOfString(key)}:${value}`);
}

/** Reads the current field, an AnyValue: the member of its oneof that is set last, `before` if none is. */
function jsonOfValue(reader: WireReader, depth: number, before: string): string {
  if (depth > ANY_VALUE_DEPTH_MAX) {
    throw new WireError('too-deep', reader.pos, `values nested more than ${ANY_VALUE_DEPTH_MAX} deep`);
  }
  const outerEnd = reader.enter();
  let json = before;
  while (reader.next()) json = jsonOfMember(reader, depth) ?? json;
  reader.leave(outerEnd);
  return json;
}

/** Reads the current field; undefined if it is no member of AnyValue's oneof. */
function jsonOfMember(reader: WireReader, depth: number): string | undefined {
  switch (reader.field) {
    case AnyValue.stringValue:
      return jsonOfString(utf8Text(readBytes(reader)));
    case AnyValue.boolValue:
      reader.varint();
      return (reader.lo | reader.hi) === 0 ? 'false' : 'true';
    case AnyValue.intValue:
      reader.varint();
      return integerText(reader.lo, reader.hi);
    case AnyValue.doubleValue: {
      const value = reader.double();
      return Number.isFinite(value) ? doubleText(value) : `"${value}"`;
    }
    case AnyValue.arrayValue:
      return nested(reader, depth, jsonOfArray);
    case AnyValue.kvlistValue:
      return nested(reader, depth, jsonOfKvlist);
    case AnyValue.bytesValue:
      return `"${base64Text(readBytes(reader))}"`;
    default:
      reader.skip();
      return undefined;
  }
}

function nested(reader: WireReader, depth: number, json: typeof jsonOfArray): string {
  const outerEnd = reader.enter();
  const text = json(reader, depth);
  reader.leave(outerEnd);
  return text;
}

function readBytes(reader: WireReader): Uint8Array {
  const length = reader.delimited();
  const start = reader.pos;
  reader.pos += length;
  return reader.bytes.subarray(start, reader.pos);
}

/** Go escapes the line separators too, for JSON that ends up in JavaScript sources. */
function jsonOfString(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
