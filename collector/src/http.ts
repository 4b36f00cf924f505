import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { rpcStatus } from '@halfopen/otlp';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { CollectorConfig } from './config.js';
import { mediaTypes } from './content.js';
import { Refusal } from './refusal.js';

/** Node looks for requests past their time this many times within it. */
const TIMEOUT_CHECKS = 10;

type AnswerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** An HTTP server with all its time-outs set, which leaves request bodies to the routes and errors to `answerError`. */
export function httpServer(
  config: CollectorConfig,
  logger: FastifyBaseLogger | undefined,
  answerError: AnswerError,
): FastifyInstance {
  const { requestTimeoutMs, keepAliveTimeoutMs, publishTimeoutMs, connectionsMax } = config;
  const app = fastify({
    ...(logger === undefined ? {} : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    // A closing collector refuses in OTLP's own words.
    return503OnClosing: false,
    // A connection may be silent while a body is awaited or while the stream makes it durable, no longer.
    connectionTimeout: requestTimeoutMs + publishTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    requestTimeout: requestTimeoutMs,
    http: {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.ceil(requestTimeoutMs / TIMEOUT_CHECKS),
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: answerError,
  });
  app.setErrorHandler(answerError);
  app.server.maxConnections = connectionsMax;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => {
    done(null);
  });
  return app;
}

/** Answers what did not get as far as a request, then closes. */
function answerClientError(error: Error & { code: string }, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const refusal = refusalOfClientError(error);
    const body = rpcStatus('json', refusal.rpcCode, refusal.message);
    const head = [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
      'Connection: close',
      `Content-Type: ${mediaTypes.json}`,
      `Content-Length: ${body.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body.toString()}`);
  }
  socket.destroy();
}

function refusalOfClientError({ code, message }: Error & { code: string }): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Refusal('too-slow', 'the request did not come whole in time');
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal('headers-too-large', 'the headers are too large');
  return new Refusal('bad-http', `this is no HTTP request: ${message}`);
}
