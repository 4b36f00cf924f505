export type OtlpErrorCode =
  /** The bytes are no well-formed protobuf `ExportTraceServiceRequest`; `cause` is the WireError, where there is one. */
  | 'malformed-protobuf'
  /** A trace id that has neither 16 bytes nor none, or a span id that has neither 8 nor none. */
  | 'bad-id-length'
  /** The text is no JSON. */
  | 'malformed-json'
  /** A JSON value that its field cannot take. */
  | 'bad-value'
  /** Nested deeper, or of more parts, than the named bound allows. */
  | 'over-bounds'
  /** Logs, metrics or profiles where traces belong. */
  | 'other-signal';

/** The sender must change the request: sending it again will fail again. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';

  constructor(
    readonly code: OtlpErrorCode,
    /** Where in the request, as in `resourceSpans[0].scopeSpans[1].spans[3].attributes`; '' is the request itself. */
    readonly path: string,
    what: string,
    options?: ErrorOptions,
  ) {
    super(path === '' ? what : `${path}: ${what}`, options);
  }
}
