import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { DescribeFrame } from '../src/index.js';
import { Telemetry } from './telemetry.js';

/** What surrounds the shim in an application. */
export interface Host {
  readonly tracer: Tracer;
  readonly describeFrame?: DescribeFrame;
}

/** Answers as told; a collector in all its moods. */
async function collector(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server: Server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
}

function exporting(t: TestContext, url: string, maxQueueSize = 2048): Tracer {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: 500 });
  const processor = new BatchSpanProcessor(exporter, {
    maxQueueSize,
    maxExportBatchSize: Math.min(maxQueueSize, 512),
    scheduledDelayMillis: 20,
  });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  t.after(() => provider.shutdown().catch(() => undefined)); // its last export fails where the collector is gone
  return provider.getTracer('test');
}

const throwingTracer = {
  startSpan() {
    throw new Error('no span');
  },
  startActiveSpan() {
    throw new Error('no span');
  },
} as Tracer;

/** In each of these the application's traffic must be what it is without the shim. */
export const TROUBLES: Record<string, (t: TestContext) => Promise<Host> | Host> = {
  'nothing is wrong': () => ({ tracer: new Telemetry().tracer }),
  'the collector is down': (t) => ({ tracer: exporting(t, 'http://127.0.0.1:1/v1/traces') }),
  'the collector never answers': async (t) => ({ tracer: exporting(t, await collector(t, () => undefined)) }),
  'the collector refuses': async (t) => ({
    tracer: exporting(
      t,
      await collector(t, (_request, response) => response.writeHead(503, { 'retry-after': '1' }).end()),
    ),
  }),
  "the exporter's buffer is full": async (t) => ({
    tracer: exporting(t, await collector(t, () => undefined), 2),
  }),
  'the tracer throws': () => ({ tracer: throwingTracer }),
  'describeFrame throws': () => ({
    tracer: new Telemetry().tracer,
    describeFrame: () => {
      throw new Error('not mine');
    },
  }),
  'describeFrame answers nonsense': () => ({
    tracer: new Telemetry().tracer,
    describeFrame: (() => ({ id: { toString: null }, kind: 7, replyTo: [] })) as unknown as DescribeFrame,
  }),
};
