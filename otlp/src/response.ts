import { ExportTracePartialSuccess, ExportTraceServiceResponse } from './fields.js';
import { WireType } from './wire.js';
import { WireWriter } from './writer.js';

/** How an OTLP/HTTP body is written; a response is written as its request was. */
export type OtlpEncoding = 'protobuf' | 'json';

export interface PartialSuccess {
  /** Spans that were not taken; 0 when the message is a mere warning. */
  readonly rejectedSpans: number;
  readonly errorMessage: string;
}

/** Body of a 200: `ExportTraceServiceResponse`, empty unless only a part was taken. */
export function traceResponse(encoding: OtlpEncoding, partial?: PartialSuccess): Buffer {
  if (encoding === 'json') {
    const partialSuccess = partial && { ...partial, rejectedSpans: String(partial.rejectedSpans) };
    return Buffer.from(JSON.stringify({ partialSuccess }));
  }
  const writer = new WireWriter(0);
  if (partial !== undefined) {
    const start = writer.begin(ExportTraceServiceResponse.partialSuccess);
    writer.tag(ExportTracePartialSuccess.rejectedSpans, WireType.varint);
    writer.varint64(BigInt(partial.rejectedSpans));
    writer.tag(ExportTracePartialSuccess.errorMessage, WireType.delimited);
    writer.string(partial.errorMessage);
    writer.end(start);
  }
  return writer.finish();
}

/** Field numbers of google.rpc.Status (google/rpc/status.proto); code is a varint. */
const RpcStatus = { code: 1, message: 2 } as const;

/**
 * Body of a 4xx or 5xx: `google.rpc.Status`.
 *
 * @param code of google.rpc.Code, as 3 for INVALID_ARGUMENT
 */
export function rpcStatus(encoding: OtlpEncoding, code: number, message: string): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  const writer = new WireWriter(message.length + 16);
  writer.tag(RpcStatus.code, WireType.varint);
  writer.varint(code);
  writer.tag(RpcStatus.message, WireType.delimited);
  writer.string(message);
  return writer.finish();
}
