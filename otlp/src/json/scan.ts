import { OtlpError } from '../error.js';
import { ANY_VALUE_DEPTH_MAX } from '../fields.js';
import { fieldNames } from '../shapes.js';

/** Brackets within brackets: some ten down to an attribute's value, and at most four for each value within a value. */
export const JSON_DEPTH_MAX = 16 + 4 * ANY_VALUE_DEPTH_MAX;

/**
 * Objects and arrays in one request. Each takes some 50 bytes of heap, be its text only two characters. The attribute
 * `{"key":"a","value":{"intValue":1}},` has 35 characters for two, so 20 MiB of attributes stay within this.
 */
export const JSON_CONTAINERS_MAX = 1_500_000;

/**
 * Members of other names than OTLP has, in one request: fields to come, one or two in a span. JSON.parse takes up to
 * 3 us for each name that it has not met before, some twenty times what it takes for a known one.
 */
export const JSON_UNKNOWN_MEMBERS_MAX = 100_000;

/** Any integer of so many digits is exact as a double. */
const EXACT_DIGITS_MAX = 15;

/**
 * Makes a text safe to hand to JSON.parse: refuses what would exhaust the stack or the heap, and puts integers that
 * JSON.parse would round (nanoseconds are beyond 2^53) into quotes, since OTLP/JSON takes 64-bit integers as strings
 * as well. What is no JSON stays none.
 *
 * @throws OtlpError `over-bounds`
 */
export function scanJson(text: string): string {
  const pieces: string[] = [];
  let copied = 0;
  let depth = 0;
  let containers = 0;
  let unknownMembers = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x22 /* " */) {
      const end = closingQuote(text, at);
      if (isName(text, end) && !fieldNames.has(text.slice(at + 1, end))) unknownMembers += 1;
      if (unknownMembers > JSON_UNKNOWN_MEMBERS_MAX) {
        throw overBounds(`with more than ${JSON_UNKNOWN_MEMBERS_MAX} members that OTLP does not know`, at);
      }
      at = end;
    } else if (char === 0x7b /* { */ || char === 0x5b /* [ */) {
      depth += 1;
      containers += 1;
      if (depth > JSON_DEPTH_MAX) throw overBounds(`nested deeper than ${JSON_DEPTH_MAX} brackets`, at);
      if (containers > JSON_CONTAINERS_MAX)
        throw overBounds(`more than ${JSON_CONTAINERS_MAX} objects and arrays`, at);
    } else if (char === 0x7d /* } */ || char === 0x5d /* ] */) {
      depth -= 1;
    } else if (isNumberPart(char)) {
      const end = endOfNumber(text, at);
      if (end - at > EXACT_DIGITS_MAX && isInteger(text, at, end)) {
        pieces.push(text.slice(copied, at), '"', text.slice(at, end), '"');
        copied = end;
      }
      at = end - 1;
    }
  }
  return copied === 0 ? text : pieces.join('') + text.slice(copied);
}

/** Where the string that opens at `start` closes, or the end of the text. */
function closingQuote(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at === -1 ? text.length : at;
}

/** Is the string that closes at `quote` the name of a member? */
function isName(text: string, quote: number): boolean {
  let at = quote + 1;
  while (isWhitespace(text.charCodeAt(at))) at += 1;
  return text.charCodeAt(at) === 0x3a; /* : */
}

function isWhitespace(char: number): boolean {
  return char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09;
}

/** A quote is escaped by an odd number of backslashes before it. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1;
  while (text.charCodeAt(at) === 0x5c /* \ */) at -= 1;
  return (quote - at) % 2 === 0;
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  while (at < text.length && isNumberPart(text.charCodeAt(at))) at += 1;
  return at;
}

function isNumberPart(char: number): boolean {
  return isDigit(char) || char === 0x2d /* - */ || char === 0x2e /* . */ || isExponentPart(char);
}

function isExponentPart(char: number): boolean {
  return char === 0x65 /* e */ || char === 0x45 /* E */ || char === 0x2b; /* + */
}

function isDigit(char: number): boolean {
  return char >= 0x30 && char <= 0x39;
}

function isInteger(text: string, start: number, end: number): boolean {
  const first = text.charCodeAt(start) === 0x2d /* - */ ? start + 1 : start;
  for (let at = first; at < end; at += 1) if (!isDigit(text.charCodeAt(at))) return false;
  return true;
}

function overBounds(what: string, at: number): OtlpError {
  return new OtlpError('over-bounds', '', `JSON ${what}, at character ${at}`);
}
