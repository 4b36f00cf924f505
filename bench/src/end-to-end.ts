import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { costFigure, type Figure } from './cpu.js';
import { sendLoad, type Load } from './load.js';
import { SPANS_PER_REQUEST } from './payload.js';
import { cpuOf, peakMb } from './process.js';

const HALFOPEN = fileURLToPath(new URL('../../../cli/bin/halfopen.js', import.meta.url));

/** Each answer waits for the store, so more requests under way make larger blocks. */
const AT_ONCE = [8, 64];

/** A running `halfopen up`, from the socket to the tables, rules evaluating; only acknowledged spans count. Linux only. */
export async function measureEndToEnd(requests: number): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-bench-'));
  const data = join(dir, 'data');
  const config = join(dir, 'halfopen.yaml');
  await writeFile(config, 'log: { level: warn }\n'); // a table is printed meanwhile
  const where = [
    '--config',
    config,
    '--data',
    data,
    '--otlp-port',
    '0',
    '--api-port',
    '0',
    '--sql-port',
    '0',
  ];
  const up = spawn(process.execPath, [HALFOPEN, 'up', ...where], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' }, // as the shebang of the command does
  });
  const exited = once(up, 'exit');
  try {
    const ended = exited.then(() => {
      throw new Error('halfopen up ended before it was up');
    });
    await Promise.race([once(up.stdout, 'data'), ended]);
    const owner = JSON.parse(await readFile(join(data, 'owner.json'), 'utf8')) as { collectorUrl: string };
    const url = `${owner.collectorUrl}/v1/traces`;
    const pid = up.pid ?? 0;
    await sendLoad({ url, requests: Math.ceil(requests / 8), firstSpan: 0 });
    const figures: Figure[] = [];
    for (const [index, atOnce] of AT_ONCE.entries()) {
      const firstSpan = (index + 1) * 100_000_000;
      figures.push(...(await measureSending({ url, requests, firstSpan, atOnce }, pid)));
    }
    const memory = { name: 'end to end: peak memory', value: await peakMb(pid), unit: 'MB' } as const;
    return [...figures, memory];
  } finally {
    up.kill('SIGINT');
    await exited;
    await rm(dir, { recursive: true, force: true });
  }
}

async function measureSending(
  load: Required<Omit<Load, 'encoding' | 'spansEach'>>,
  pid: number,
): Promise<Figure[]> {
  const name = `end to end: up, ${load.atOnce} at once`;
  const spans = load.requests * SPANS_PER_REQUEST;
  const cpuBefore_s = await cpuOf(pid);
  const seconds = await sendLoad(load);
  const cpu_s = (await cpuOf(pid)) - cpuBefore_s;
  const note = 'acknowledged, that is stored, with all views and rules';
  return [{ name, value: spans / seconds, unit: 'spans/s', note }, costFigure(name, [(cpu_s / spans) * 1e6])];
}
