import { createCollector } from '@halfopen/collector';
import { costFigure, cpuSeconds, type Figure } from './cpu.js';
import { sendLoad, type Encoding } from './load.js';
import { SPANS_PER_REQUEST } from './payload.js';

const ROUNDS = 3;

/** The collector over loopback, into a stream that takes everything at once. */
export async function measureCollector(requests: number): Promise<Figure[]> {
  const collector = createCollector({
    producer: { publish: () => Promise.resolve() },
    ready: () => ({ ready: true }),
    config: { port: 0 },
  });
  const { port } = await collector.listen();
  const url = `http://127.0.0.1:${port}/v1/traces`;
  try {
    const plain = await costs(url, requests, 'identity');
    const gzip = await costs(url, requests, 'gzip');
    return [
      costFigure('collector: HTTP, check, hash', plain, {
        aim: '2 at most',
        note: 'OpenTelemetry Collector, receive to nothing: 5 to 6',
      }),
      costFigure('collector: the same, gzip', gzip, { note: 'inflating included' }),
    ];
  } finally {
    await collector.close();
  }
}

async function costs(url: string, requests: number, encoding: Encoding): Promise<number[]> {
  await sendLoad({ url, requests: Math.ceil(requests / 4), encoding });
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const seconds = await cpuSeconds(() => sendLoad({ url, requests, encoding }));
    rounds.push((seconds / (requests * SPANS_PER_REQUEST)) * 1e6);
  }
  return rounds;
}
