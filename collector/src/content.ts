import type { IncomingHttpHeaders } from 'node:http';
import type { OtlpEncoding } from '@halfopen/otlp';
import { Refusal } from './refusal.js';

export const mediaTypes: Record<OtlpEncoding, string> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** How the body is written, by its Content-Type (parameters are of no matter); undefined if in no way of OTLP/HTTP. */
export function encodingOf(headers: IncomingHttpHeaders): OtlpEncoding | undefined {
  const mediaType = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === mediaTypes.protobuf) return 'protobuf';
  return mediaType === mediaTypes.json ? 'json' : undefined;
}

/** @throws Refusal `unsupported-type` */
export function requireEncoding(headers: IncomingHttpHeaders): OtlpEncoding {
  const encoding = encodingOf(headers);
  if (encoding === undefined) throw unsupportedType();
  return encoding;
}

export function unsupportedType(): Refusal {
  const message = `Content-Type must be ${mediaTypes.protobuf} or ${mediaTypes.json}`;
  return new Refusal('unsupported-type', message, { accept: Object.values(mediaTypes).join(', ') });
}

/** @throws Refusal `unsupported-encoding` */
export function isGzip(headers: IncomingHttpHeaders): boolean {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  // RFC 9110 has x-gzip for the same.
  if (coding === 'gzip' || coding === 'x-gzip') return true;
  if (coding === 'identity' || coding === '') return false;
  const message = `Content-Encoding is ${coding}, must be gzip or absent`;
  throw new Refusal('unsupported-encoding', message, { 'accept-encoding': 'gzip' });
}
