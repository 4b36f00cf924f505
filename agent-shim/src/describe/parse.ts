import type { FrameDescription, Undecodable } from '../options.js';
import { sizeOf } from '../message.js';

/** Longer messages are counted and not parsed: this runs beside the application's own parser, on its thread. Bytes. */
const PARSED_BYTES_MAX = 1_048_576;

/** What an application calls the kinds of the contract. A type that is not here is its own kind. */
export type Kinds = Readonly<Record<string, string>>;

/** Parses a message and describes what it is; one that is no JSON is undecodable. A Blob cannot be read at once. */
export function describeParsed(
  data: unknown,
  describe: (message: unknown) => FrameDescription | Undecodable | undefined,
): FrameDescription | Undecodable | undefined {
  if (data instanceof Blob || sizeOf(data) > PARSED_BYTES_MAX) return undefined;
  let message: unknown;
  try {
    message = JSON.parse(textOf(data));
  } catch {
    return { decodeError: 'SyntaxError' };
  }
  return describe(message);
}

/** What transports give as a message. */
function textOf(data: unknown): string {
  if (typeof data === 'string') return data;
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  if (data instanceof ArrayBuffer) return Buffer.from(data).toString();
  return Array.isArray(data) ? data.map(textOf).join('') : '';
}

export function kindOf(type: string, kinds: Kinds | undefined): string | undefined {
  return kinds !== undefined && Object.hasOwn(kinds, type) ? kinds[type] : undefined;
}

/** Ids are strings, or numbers that are told as such; anything else is none. */
export function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** An answer that names what it answers and has no id of its own gets one: it goes the other way, and may go twice. */
export function answer(kind: string, replyTo: string): FrameDescription {
  return { id: `${replyTo}:${kind}`, kind, replyTo };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
