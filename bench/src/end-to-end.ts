import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sendLoad } from './collector.js';
import type { Figure } from './cpu.js';
import { SPANS_PER_REQUEST } from './payload.js';

const HALFOPEN = fileURLToPath(new URL('../../../cli/bin/halfopen.js', import.meta.url));

/** Ticks of /proc/PID/stat a second (USER_HZ, 100 on every Linux that Node runs on). */
const TICKS_PER_S = 100;

/** A running `halfopen up`, from the socket to the tables, rules evaluating; only acknowledged spans count. Linux only. */
export async function measureEndToEnd(requests: number): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-bench-'));
  const up = spawn(process.execPath, [HALFOPEN, 'up', '--data', dir, '--otlp-port', '0', '--api-port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(up.stdout, 'data');
    const { collectorUrl } = JSON.parse(await readFile(join(dir, 'owner.json'), 'utf8')) as {
      collectorUrl: string;
    };
    const url = `${collectorUrl}/v1/traces`;
    await sendLoad(url, Math.ceil(requests / 8), 0);
    const pid = up.pid ?? 0;
    const cpuBefore_s = await cpuOf(pid);
    const began_ms = performance.now();
    await sendLoad(url, requests, 100_000_000);
    const seconds = (performance.now() - began_ms) / 1000;
    const spans = requests * SPANS_PER_REQUEST;
    const cpu_s = (await cpuOf(pid)) - cpuBefore_s;
    return [
      {
        name: 'end to end: halfopen up',
        cost: spans / seconds,
        unit: 'spans/s',
        note: 'acknowledged, that is stored, with all views and rules; includes starting the sender',
      },
      { name: 'end to end: halfopen up', cost: (cpu_s / spans) * 1e6, unit: 'CPU-s per million spans' },
      { name: 'end to end: peak memory', cost: await peakMb(pid), unit: 'MB' },
    ];
  } finally {
    up.kill('SIGINT');
    await once(up, 'exit');
    await rm(dir, { recursive: true, force: true });
  }
}

/** proc(5): user and system time are the 14th and 15th fields, counted behind the name in brackets. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

async function peakMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1024;
}
