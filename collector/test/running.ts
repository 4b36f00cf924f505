import type { TestContext } from 'node:test';
import { traceRequestFromJson } from '@halfopen/otlp';
import { createCollector, type CollectorConfig, type CollectorParts } from '../src/index.js';
import { post, protobuf, send } from './client.js';
import { FakeProducer } from './producer.js';

export interface Running {
  readonly port: number;
  readonly producer: FakeProducer;
  readonly close: () => Promise<void>;
}

/** A collector on a free port, closed when the test ends. */
export async function run(
  t: TestContext,
  config: Partial<CollectorConfig> = {},
  parts: Partial<CollectorParts> = {},
): Promise<Running> {
  const producer = new FakeProducer();
  const collector = createCollector({
    producer,
    ready: () => ({ ready: true }),
    config: { port: 0, closeTimeoutMs: 1000, ...config },
    ...parts,
  });
  const { port } = await collector.listen();
  const close = () => collector.close();
  t.after(close);
  return { port, producer, close };
}

/** Two spans, in OTLP/JSON and in protobuf. */
export const goldenJson = JSON.stringify({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'control-server' } }] },
      scopeSpans: [
        {
          scope: { name: 'shim' },
          spans: [
            {
              traceId: 'e43b9145a24d4c7aec2b049771de00da',
              spanId: 'ba72fbf129ef4b7e',
              name: 'frame.socket_write',
              kind: 4,
              startTimeUnixNano: '1790856000042303001',
              endTimeUnixNano: '1790856000042903001',
              attributes: [
                { key: 'channel.id', value: { stringValue: 'agent-17' } },
                { key: 'frame.seq', value: { intValue: '12' } },
              ],
              status: { code: 1 },
            },
            { name: 'channel.state' },
          ],
        },
      ],
    },
  ],
});
export const golden = traceRequestFromJson(goldenJson).bytes;

/** Is the collector as good as before? Its next good request gets its 200, and it holds on to nothing. */
export async function stillWell(port: number): Promise<void> {
  const { status } = await post(port, protobuf, golden);
  const metrics = (await send(port, 'GET', '/metrics')).body.toString();
  const held = /^halfopen_collector_in_flight_bytes (\d+)$/m.exec(metrics)?.[1];
  const requests = /^halfopen_collector_in_flight_requests (\d+)$/m.exec(metrics)?.[1];
  if (status !== 200 || held !== '0' || requests !== '0') {
    throw new Error(
      `the next good request: ${status}; bytes held: ${held ?? '?'}; requests held: ${requests ?? '?'}`,
    );
  }
}
