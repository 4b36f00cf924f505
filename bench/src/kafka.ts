import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KafkaBroker } from '@halfopen/lab';
import { costFigure, type Figure } from './cpu.js';
import { ForgetfulServer } from './forgetful-server.js';
import { sendLoad } from './load.js';
import { SPANS_PER_REQUEST } from './payload.js';
import { cpuOf, peakMb } from './process.js';

const HALFOPEN = fileURLToPath(new URL('../../../cli/bin/halfopen.js', import.meta.url));

/** Requests under way at once: an acknowledgement takes a few milliseconds. */
const AT_ONCE = 64;

/** Spans of a request: the SDKs' default batch, and a small one. */
const BATCHES = [SPANS_PER_REQUEST, 100] as const;

/** OTLP into Kafka, and Kafka to rows sent, each a process of its own. Linux only. */
export async function measureKafka(requests: number): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-bench-'));
  const broker = await KafkaBroker.start({ dir: join(dir, 'broker') });
  const server = await ForgetfulServer.listen();
  const config = join(dir, 'halfopen.yaml');
  await writeFile(
    config,
    `collector: { port: 0 }
ingest: { port: 0 }
log: { level: warn }
kafka: { brokers: ["${broker.address}"], partitions: 4, replicas: 1 }
clickhouse: { url: "${server.url}" }
`,
  );
  try {
    const collected = await measureCollecting(requests, config);
    return [...collected.figures, ...(await measureStoring(collected.spans, config))];
  } finally {
    await server.close();
    await broker.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function measureCollecting(
  requests: number,
  config: string,
): Promise<{ figures: Figure[]; spans: number }> {
  const collector = await Part.start('collector', config);
  try {
    await collector.ready();
    const url = `${collector.url}/v1/traces`;
    await sendLoad({ url, requests: Math.ceil(requests / 10), atOnce: AT_ONCE });
    let spans = Math.ceil(requests / 10) * SPANS_PER_REQUEST;
    const figures: Figure[] = [];
    for (const [index, spansEach] of BATCHES.entries()) {
      const before_s = await cpuOf(collector.pid);
      const load = { url, requests, firstSpan: (index + 1) * 100_000_000, spansEach, atOnce: AT_ONCE };
      const seconds = await sendLoad(load);
      const sent = requests * spansEach;
      const cost = (((await cpuOf(collector.pid)) - before_s) / sent) * 1e6;
      const name = `kafka: collector, ${spansEach} a request`;
      const note = `${Math.round(sent / seconds)} spans/s; the OpenTelemetry Collector takes ${spansEach === SPANS_PER_REQUEST ? 6.6 : 8.7}`;
      figures.push(costFigure(name, [cost], { aim: '3', note }));
      spans += sent;
    }
    figures.push({
      name: 'kafka: collector, peak memory',
      value: await peakMb(collector.pid),
      unit: 'MB',
      aim: '300',
    });
    return { figures, spans };
  } finally {
    await collector.stop();
  }
}

/** What is in the topic; the start of the process, and the first fifth, are not counted. */
async function measureStoring(spans: number, config: string): Promise<Figure[]> {
  const ingest = await Part.start('ingest', config);
  try {
    const begun = await ingest.storedAtLeast(spans / 5);
    const [before_s, began_ms] = [await cpuOf(ingest.pid), performance.now()];
    const ended = await ingest.storedAtLeast(spans);
    const cost = (((await cpuOf(ingest.pid)) - before_s) / (ended - begun)) * 1e6;
    const note = `${Math.round((ended - begun) / ((performance.now() - began_ms) / 1000))} spans/s; the OpenTelemetry Collector takes 4.0 without its ClickHouse exporter`;
    return [
      costFigure('kafka: ingest, to rows sent', [cost], { aim: '4', note }),
      { name: 'kafka: ingest, peak memory', value: await peakMb(ingest.pid), unit: 'MB', aim: '300' },
    ];
  } finally {
    await ingest.stop();
  }
}

/** A running `halfopen collector` or `halfopen ingest`. */
class Part {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(name: string, config: string): Promise<Part> {
    const child = spawn(process.execPath, [HALFOPEN, name, '--config', config], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '16' }, // as the shebang of the command does
    });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`halfopen ${name} ended before it was up`);
    });
    const [said] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
    ended.catch(() => undefined); // from here on it ends when it is told to
    return new Part(child, / is up on (\S+)/.exec(said.toString('utf8'))?.[1] ?? '');
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async ready(): Promise<void> {
    while ((await fetch(`${this.url}/readyz`)).status !== 200) await sleep(50);
  }

  /** @returns spans that it has stored, once they are so many */
  async storedAtLeast(spans: number): Promise<number> {
    for (;;) {
      const metrics = await (await fetch(`${this.url}/metrics`)).text();
      const stored = Number(/^halfopen_ingest_spans_total (\d+)/m.exec(metrics)?.[1] ?? 0);
      if (stored >= spans) return stored;
      await sleep(25);
    }
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}
