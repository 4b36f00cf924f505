import { OtlpError, rpcStatus, traceResponse, type OtlpEncoding } from '@halfopen/otlp';
import { StreamError } from '@halfopen/stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodingOf, mediaTypes, unsupportedType } from './content.js';
import type { CollectorMetrics } from './metrics.js';
import { Refusal, refuseForNow } from './refusal.js';

/** A 200: all spans are durable. */
export function sendSuccess(
  reply: FastifyReply,
  encoding: OtlpEncoding,
  metrics: CollectorMetrics,
): FastifyReply {
  metrics.requests.inc({ status: 200 });
  return reply.type(mediaTypes[encoding]).send(traceResponse(encoding));
}

/** A 4xx or 5xx, with the reason in the encoding of the request. */
export function sendRefusal(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  metrics: CollectorMetrics,
): FastifyReply {
  const refusal = toRefusal(error);
  const { code, status, rpcCode, message } = refusal;
  metrics.requests.inc({ status });
  metrics.refusals.inc({ code });
  // The sender hears of its own mistakes; the log is for what an operator must look at.
  if (status >= 500) request.log.warn({ code, err: refusal.cause }, message);
  else request.log.debug({ code }, message);
  // Closing a connection on which a body is still coming would reset it, and the sender might never see why.
  if (hasBody(request) && !request.raw.complete) reply.raw.shouldKeepAlive = true;
  const encoding = encodingOf(request.headers) ?? 'json';
  return reply
    .code(status)
    .headers(refusal.headers)
    .type(mediaTypes[encoding])
    .send(rpcStatus(encoding, rpcCode, message));
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** What the sender is told of an error, from wherever it came. */
function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof OtlpError) return new Refusal(error.code, error.message, {}, { cause: error });
  if (error instanceof StreamError) {
    const { code, message, retryAfterS, retryable } = error;
    if (retryable) return refuseForNow(code, message, retryAfterS, { cause: error });
    return new Refusal(code, message, {}, { cause: error });
  }
  if (isClientError(error)) {
    return error.statusCode === 415
      ? unsupportedType()
      : new Refusal('bad-http', error.message, {}, { cause: error });
  }
  return new Refusal('internal', 'internal error: see the log of the collector', {}, { cause: error });
}

/** What fastify itself refuses: a URL or Content-Type that cannot be read. */
function isClientError(error: unknown): error is Error & { statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  return typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500;
}
