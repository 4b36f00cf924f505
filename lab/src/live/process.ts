import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { NodeSDK, resources, tracing } from '@opentelemetry/sdk-node';
import { TIMING, type Order, type ProcessSettings, type Report } from './protocol.js';

/** OpenTelemetry as an application would set it up; all the shim needs. */
export function startTelemetry(
  service: string,
  instance: string,
  { collectorUrl, token }: ProcessSettings,
): NodeSDK {
  const exporter = new OTLPTraceExporter({
    url: `${collectorUrl}/v1/traces`,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
  const sdk = new NodeSDK({
    autoDetectResources: false,
    resource: resources.resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance }),
    spanProcessors: [
      new tracing.BatchSpanProcessor(exporter, {
        scheduledDelayMillis: TIMING.exporting,
        maxQueueSize: 20_000,
        maxExportBatchSize: 2_000,
      }),
    ],
  });
  sdk.start();
  return sdk;
}

/** What the fleet gave this process, as its first argument. */
export function settings(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}

export function report(told: Report): void {
  process.send?.(told);
}

export function onOrder(obey: (order: Order) => void): void {
  process.on('message', (order) => {
    obey(order as Order);
  });
}

/** Ends with the fleet, also when that is killed; exports what is left first. */
export function endWithFleet(close: () => void, sdk: NodeSDK): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    close();
    // What the closes tell comes with the next turns of the loop.
    setTimeout(() => {
      void sdk
        .shutdown()
        .catch(() => undefined) // the collector may have gone first
        .then(() => process.exit(0));
    }, CLOSING_MS);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group: the fleet ends us in its order
  process.on('disconnect', end);
}

const CLOSING_MS = 200;
