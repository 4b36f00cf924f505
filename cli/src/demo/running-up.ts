import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/load.js';
import { currentOwner } from '../data-dir/owner.js';
import { Failure } from '../failure.js';
import { remoteOf } from '../service/access.js';
import type { RemoteService } from '../service/remote.js';

const BINARY = fileURLToPath(new URL('../../../bin/halfopen.js', import.meta.url));

/** Rules look sooner than by default, since the fleet's exporters send every second; its log would hide what is told. */
const EAGER = 'rules: { intervalMs: 1000, exporterDelayMs: 1500 }\nlog: { level: warn }\n';

/** The engine starts in a second; a large data directory takes longer. */
const START_MS_MAX = 60_000;

/** A `halfopen up` to tell of a fleet, be it one that ran before. */
export interface RunningUp {
  readonly service: RemoteService;
  /** By how much its rules may look later than those of one that is started here, s. */
  readonly later_s: number;
  /** Ends it where it was started here. */
  close(): Promise<void>;
}

/** Finds the `up` that owns the data directory, or starts one as a process of its own. */
export async function findOrStartUp(config: Config, configFile: string | undefined): Promise<RunningUp> {
  const later_s = (config.rules.intervalMs + config.rules.exporterDelayMs) / 1000;
  if (currentOwner(config.data)?.apiUrl !== undefined) {
    const service = remoteOf(config);
    // A killed one leaves its address behind.
    if (await service.answers()) return { service, later_s, close: () => Promise.resolve() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'halfopen-demo-'));
  let file = configFile;
  if (file === undefined) {
    file = join(folder, 'halfopen.yaml');
    await writeFile(file, EAGER);
  }
  const { collector, api, sql } = config;
  const ports = [
    '--otlp-port',
    `${collector.port}`,
    '--api-port',
    `${api.port}`,
    '--sql-port',
    `${sql.port}`,
  ];
  const up = spawn(process.execPath, [BINARY, 'up', '--config', file, '--data', config.data, ...ports], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { UV_THREADPOOL_SIZE: '16', ...process.env },
  });
  const close = async (): Promise<void> => {
    await end(up);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await saysUp(up);
    return { service: remoteOf(config), later_s: configFile === undefined ? 0 : later_s, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function saysUp(up: ChildProcess): Promise<void> {
  const listening = new AbortController();
  const said = new Promise<void>((resolve) => {
    let text = '';
    up.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text = `${text}${more}`.slice(-1000);
      if (text.includes('halfopen is up')) resolve();
    });
  });
  const ended = once(up, 'exit', { signal: listening.signal }).then(([code]) => {
    throw new Failure(`halfopen up ended with ${String(code)}`);
  });
  const late = once(AbortSignal.timeout(START_MS_MAX), 'abort', { signal: listening.signal }).then(() => {
    throw new Failure(`halfopen up was not up after ${START_MS_MAX / 1000} s`);
  });
  try {
    await Promise.race([said, ended, late]);
  } finally {
    ended.catch(() => undefined); // whoever came too late, or was told not to wait
    late.catch(() => undefined);
    listening.abort();
  }
}

async function end(up: ChildProcess): Promise<void> {
  if (up.exitCode !== null || up.signalCode !== null) return;
  const exited = once(up, 'exit');
  up.kill('SIGTERM');
  await exited;
}
