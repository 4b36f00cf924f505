/** Scalars as OTLP/JSON writes them. Each reader answers undefined where the value is not of its type. */

/** A JSON number without fraction, or a string of decimal digits: protobuf's JSON mapping allows both. */
export function readInteger(json: unknown, min: bigint, max: bigint): bigint | undefined {
  const value = integerOf(json);
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** More digits than any 64-bit integer has. */
const INTEGER_LENGTH_MAX = 20;

function integerOf(json: unknown): bigint | undefined {
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : undefined;
  if (typeof json !== 'string' || json.length > INTEGER_LENGTH_MAX) return undefined;
  return /^(?:0|-?[1-9]\d*)$/.test(json) ? BigInt(json) : undefined;
}

/** A JSON number, or one in a string, or `NaN`, `Infinity`, `-Infinity`. */
export function readDouble(json: unknown): number | undefined {
  if (typeof json === 'number') return json;
  if (typeof json !== 'string') return undefined;
  if (json === 'NaN') return NaN;
  const isNumber =
    json.length <= NUMBER_LENGTH_MAX && /^-?(?:Infinity|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(json);
  return isNumber ? Number(json) : undefined;
}

/** The exact decimal form of a double has up to 1,077 characters. */
const NUMBER_LENGTH_MAX = 1100;

/** An id in hexadecimal, either case, of its length or empty. */
export function readId(json: unknown, length: number): Buffer | undefined {
  if (typeof json !== 'string' || (json.length !== 2 * length && json.length !== 0)) return undefined;
  const id = Buffer.from(json, 'hex');
  return 2 * id.length === json.length ? id : undefined;
}

/** Base64 in the standard or the URL alphabet, padded or not: protobuf's JSON mapping allows all four. */
export function readBytes(json: unknown): Buffer | undefined {
  if (typeof json !== 'string') return undefined;
  const digits = json.endsWith('==') ? json.length - 2 : json.endsWith('=') ? json.length - 1 : json.length;
  if (digits % 4 === 1 || (digits < json.length && json.length % 4 !== 0)) return undefined;
  const bytes = Buffer.from(json, 'base64');
  // The decoder leaves out what is no digit: then bytes are missing.
  return bytes.length === Math.floor((digits * 3) / 4) ? bytes : undefined;
}
