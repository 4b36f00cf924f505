export { batchId } from './batch-id.js';
export { checkTraceRequest } from './check.js';
export { OtlpError, type OtlpErrorCode } from './error.js';
export * from './fields.js';
export { traceRequestFromJson } from './json/trace-request.js';
export { rpcStatus, traceResponse, type OtlpEncoding, type PartialSuccess } from './response.js';
export { splitTraceRequest } from './split.js';
export { WireError, WireReader, WireType, type WireErrorCode } from './wire.js';
