/**
 * Single values as text, where that takes more than copying bytes. The texts are those of `Value.AsString` in the
 * OpenTelemetry Collector (pdata/pcommon/value.go, August 2026), which its ClickHouse exporter stores.
 */

/** An int64 from its halves, exact. */
export function integerText(lo: number, hi: number): string {
  return ((BigInt(hi) << 32n) | BigInt(lo >>> 0)).toString();
}

/** As ECMAScript writes numbers (Go follows it) but for -0; NaN, Infinity, -Infinity as such. */
export function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** RFC 4648 section 4: the standard alphabet, padded. */
export function base64Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** U+FFFD for what is no UTF-8, as the WHATWG decoder does; a leading byte order mark stays. */
export function utf8Text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
