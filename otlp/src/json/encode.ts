import { OtlpError } from '../error.js';
import { ANY_VALUE_DEPTH_MAX } from '../fields.js';
import { anyValueShape, spanShape, type FieldShape, type MessageShape } from '../shapes.js';
import type { WireWriter } from '../writer.js';
import { readBytes, readDouble, readId, readInteger } from './scalars.js';

/**
 * Writes a message, as JSON.parse gives it, in protobuf. Fields are written in the order of the text, so that of
 * several values of an AnyValue the last one counts, as on the wire.
 */
export class MessageEncoder {
  /** Spans written so far. */
  spans = 0;

  /** Where in the JSON the encoder is: names and indices. */
  private readonly path: (string | number)[] = [];

  constructor(private readonly writer: WireWriter) {}

  /** @throws OtlpError `bad-value`, `bad-id-length` or `over-bounds` */
  message(shape: MessageShape, json: unknown, anyValueDepth = 0): void {
    if (!isObject(json)) this.refuse('an object', json);
    for (const name of Object.keys(json)) {
      const value = json[name];
      const field = shape.byName.get(name);
      // Unknown names are to be ignored (OTLP specification, JSON Protobuf Encoding); null is the same as absent.
      if (field === undefined || value === null) continue;
      this.path.push(name);
      if (field.repeated) this.elements(field, value, anyValueDepth);
      else this.field(field, value, anyValueDepth);
      this.path.pop();
    }
  }

  private elements(field: FieldShape, json: unknown, anyValueDepth: number): void {
    if (!Array.isArray(json)) this.refuse('an array', json);
    for (const [index, element] of json.entries()) {
      this.path.push(index);
      this.field(field, element, anyValueDepth);
      this.path.pop();
    }
  }

  private field(field: FieldShape, json: unknown, anyValueDepth: number): void {
    const { message } = field;
    if (message === undefined) {
      this.scalar(field, json);
      return;
    }
    if (message === spanShape) this.spans += 1;
    const depth = message === anyValueShape ? anyValueDepth + 1 : anyValueDepth;
    if (depth > ANY_VALUE_DEPTH_MAX) {
      throw new OtlpError('over-bounds', this.where(), `values nested more than ${ANY_VALUE_DEPTH_MAX} deep`);
    }
    const start = this.writer.begin(field.number);
    this.message(message, json, depth);
    this.writer.end(start);
  }

  private scalar(field: FieldShape, json: unknown): void {
    const { writer } = this;
    writer.tag(field.number, field.wireType);
    switch (field.kind) {
      case 'string':
        writer.string(typeof json === 'string' ? json : this.refuse('a string', json));
        break;
      case 'bytes':
        writer.bytes(readBytes(json) ?? this.refuse('base64', json));
        break;
      case 'id':
        writer.bytes(
          readId(json, field.idLength) ?? this.refuse(`${2 * field.idLength} hex digits or ""`, json),
        );
        break;
      case 'bool':
        writer.varint(typeof json === 'boolean' ? Number(json) : this.refuse('true or false', json));
        break;
      case 'enum':
        writer.varint64(this.enumValue(field, json));
        break;
      case 'int64':
        writer.varint64(this.integer(json, -(2n ** 63n), 2n ** 63n - 1n, 'a signed 64-bit integer'));
        break;
      case 'uint32':
        writer.varint64(this.integer(json, 0n, 2n ** 32n - 1n, 'an unsigned 32-bit integer'));
        break;
      case 'fixed32':
        writer.fixed32(Number(this.integer(json, 0n, 2n ** 32n - 1n, 'an unsigned 32-bit integer')));
        break;
      case 'fixed64':
        writer.fixed64(this.integer(json, 0n, 2n ** 64n - 1n, 'an unsigned 64-bit integer'));
        break;
      case 'double':
        writer.double(readDouble(json) ?? this.refuse('a number', json));
        break;
      case 'message':
        break;
    }
  }

  private integer(json: unknown, min: bigint, max: bigint, expected: string): bigint {
    return readInteger(json, min, max) ?? this.refuse(`${expected} as a number or a string`, json);
  }

  /** An integer; its name too, although OTLP has its senders write the integer: other protobuf JSON writers do not. */
  private enumValue(field: FieldShape, json: unknown): bigint {
    const named = typeof json === 'string' ? field.enumNames?.get(json) : undefined;
    if (named !== undefined) return BigInt(named);
    const names = [...(field.enumNames?.keys() ?? [])];
    return this.integer(
      json,
      -(2n ** 31n),
      2n ** 31n - 1n,
      `one of ${names.join(', ')} or a signed 32-bit integer`,
    );
  }

  private refuse(expected: string, got: unknown): never {
    throw new OtlpError('bad-value', this.where(), `expected ${expected}, got ${describe(got)}`);
  }

  private where(): string {
    return this.path.reduce<string>((path, step) => {
      if (typeof step === 'number') return `${path}[${step}]`;
      return path === '' ? step : `${path}.${step}`;
    }, '');
  }
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** Characters of a refused value that an error shows. */
const SHOWN_LENGTH_MAX = 40;

function describe(json: unknown): string {
  if (Array.isArray(json)) return 'an array';
  if (isObject(json)) return 'an object';
  const text = JSON.stringify(json);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
}
