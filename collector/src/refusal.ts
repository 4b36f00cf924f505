import type { OtlpErrorCode } from '@halfopen/otlp';
import type { StreamErrorCode } from '@halfopen/stream';

/** Why a request is not taken, and the HTTP status that says so (OTLP/HTTP, RFC 9110, RFC 6585). */
const statuses = {
  'malformed-protobuf': 400,
  'bad-id-length': 400,
  'malformed-json': 400,
  'bad-value': 400,
  'over-bounds': 400,
  'other-signal': 400,
  'bad-gzip': 400,
  'body-cut-short': 400,
  'bad-http': 400,
  'no-valid-token': 401,
  'not-found': 404,
  'method-not-allowed': 405,
  'too-slow': 408,
  'too-large': 413,
  'unsupported-type': 415,
  'unsupported-encoding': 415,
  'in-flight-bytes': 429,
  overloaded: 429,
  'headers-too-large': 431,
  internal: 500,
  unavailable: 503,
  closed: 503,
  'publish-timeout': 503,
} as const satisfies Record<OtlpErrorCode | StreamErrorCode, number> & Record<string, number>;

export type RefusalCode = keyof typeof statuses;

/** google.rpc.Code of each status (google/rpc/code.proto, whose comments name the HTTP status). */
const rpcCodes: Record<(typeof statuses)[RefusalCode], number> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  404: 5, // NOT_FOUND
  405: 12, // UNIMPLEMENTED
  408: 4, // DEADLINE_EXCEEDED
  413: 3,
  415: 3,
  429: 8, // RESOURCE_EXHAUSTED
  431: 3,
  500: 13, // INTERNAL
  503: 14, // UNAVAILABLE
};

/** A sender waits so long before it tries again, unless the stream knows better. */
export const RETRY_AFTER_S = 1;

/** A request that is not taken. 429 and 503 may be sent again after `Retry-After`, others must not (OTLP/HTTP). */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly rpcCode: number;

  constructor(
    readonly code: RefusalCode,
    message: string,
    /** Response headers beyond those that every refusal has. */
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = statuses[code];
    this.rpcCode = rpcCodes[statuses[code]];
  }
}

/** A refusal that invites the sender to come back. */
export function refuseForNow(
  code: RefusalCode,
  message: string,
  afterS = RETRY_AFTER_S,
  options?: ErrorOptions,
): Refusal {
  const seconds = Math.max(1, Math.ceil(afterS));
  return new Refusal(code, message, { 'retry-after': String(seconds) }, options);
}

/** The budget of bytes under way is spent. */
export function inFlightBytes(): Refusal {
  return refuseForNow('in-flight-bytes', 'too many bytes of requests are under way, send it again later');
}
