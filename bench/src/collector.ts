import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createCollector } from '@halfopen/collector';
import { cpuSeconds, median, type Figure } from './cpu.js';
import { SPANS_PER_REQUEST } from './payload.js';

const ROUNDS = 3;

/** Sends so many requests to a collector from a process of its own, whose CPU is not counted. Resolves when all are answered. */
export async function sendLoad(url: string, requests: number, firstSpan: number): Promise<void> {
  const child = fork(fileURLToPath(new URL('./load-process.js', import.meta.url)), [
    url,
    String(requests),
    String(firstSpan),
  ]);
  await once(child, 'message'); // its requests are made: what follows is sending
  child.send('go');
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`the load process ended with ${code}`);
}

/** The collector over loopback, into a stream that takes everything at once. */
export async function measureCollector(requests: number): Promise<Figure[]> {
  const collector = createCollector({
    producer: { publish: () => Promise.resolve() },
    ready: () => ({ ready: true }),
    config: { port: 0 },
  });
  const { port } = await collector.listen();
  const url = `http://127.0.0.1:${port}/v1/traces`;
  await sendLoad(url, Math.ceil(requests / 4), 0);
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const seconds = await cpuSeconds(() => sendLoad(url, requests, 0));
    costs.push((seconds / (requests * SPANS_PER_REQUEST)) * 1e6);
  }
  await collector.close();
  return [
    {
      name: 'collector: HTTP, check, hash',
      cost: median(costs),
      unit: 'CPU-s per million spans',
      aim: '2 at most',
      note: 'OpenTelemetry Collector, receive to nothing: 5 to 6',
    },
  ];
}
