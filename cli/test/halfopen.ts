import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { afterwards } from './afterwards.js';

const BINARY = fileURLToPath(new URL('../../bin/halfopen.js', import.meta.url));

/** A recording of the lab's. */
export function sample(name: string): string {
  return fileURLToPath(new URL(`../../../lab/samples/${name}.jsonl.gz`, import.meta.url));
}

/** The processes that this file's tests have started and that have not ended, with their ends. */
const running = new Map<ChildProcess, Promise<Outcome>>();

// Should the runner give up on a file, its processes go with it.
process.once('exit', () => {
  for (const child of running.keys()) child.kill('SIGKILL');
});
process.once('SIGTERM', () => process.exit(143));

/** A folder that goes with the test, once what still runs in it has been ended. A file's tests run one by one. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-cli-'));
  afterwards(t, async () => {
    for (const child of running.keys()) child.kill('SIGKILL');
    await Promise.all(running.values());
    await rm(dir, { recursive: true, force: true });
  });
  return dir;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that has not ended by then hangs; the longest takes half a minute. */
const COMMAND_MS_MAX = 300_000;

/** Runs the command to its end. */
export async function halfopen(...args: string[]): Promise<Outcome> {
  return start(args).ended;
}

/** The same of another installation, by its `bin/halfopen.js`. */
export async function halfopenOf(binary: string, ...args: string[]): Promise<Outcome> {
  return start(args, COMMAND_MS_MAX, binary).ended;
}

function start(
  args: readonly string[],
  timeout = COMMAND_MS_MAX,
  binary = BINARY,
): { child: ChildProcess; ended: Promise<Outcome> } {
  const child = spawn(process.execPath, [binary, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  });
  const ended = ending(child);
  running.set(child, ended);
  return { child, ended };
}

async function ending(child: ChildProcess): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  running.delete(child);
  return { code, ...said };
}

/** A running `halfopen up`. */
export interface Up {
  readonly pid: number;
  readonly collectorUrl: string;
  readonly apiUrl: string;
  readonly sqlUrl: string;
  stop(signal: NodeJS.Signals): Promise<Outcome>;
}

/** A running `halfopen collector` or `halfopen ingest`. */
export interface Part {
  readonly url: string;
  readonly pid: number;
  stop(signal: NodeJS.Signals): Promise<Outcome>;
}

/** Starts a part of `up` as a process of its own; resolves once it says that it is up. It lives as long as its test. */
export async function part(name: string, config: string, binary = BINARY): Promise<Part> {
  const { child, ended } = start([name, '--config', config], 0, binary);
  const url = await new Promise<string>((resolve, reject) => {
    let stdout = '';
    child.stdout?.on('data', (text: string) => {
      stdout += text;
      const said = / is up on (\S+)/.exec(stdout)?.[1];
      if (said !== undefined) resolve(said);
    });
    void ended.then(({ code, stderr }) => {
      reject(new Error(`halfopen ${name} ended with ${String(code)}: ${stderr}`));
    });
  });
  return {
    url,
    pid: child.pid ?? 0,
    stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Starts `up` on free ports and resolves once it says that it is up. It ends with the test's folder at the latest. */
export async function up(data: string, ...args: string[]): Promise<Up> {
  return starting(data, ...args).ready;
}

/** An `up` that may not be up yet. */
export interface Starting {
  readonly ready: Promise<Up>;
  readonly stop: (signal: NodeJS.Signals) => Promise<Outcome>;
}

export function starting(data: string, ...args: string[]): Starting {
  const { child, ended } = start([
    'up',
    '--data',
    data,
    '--otlp-port',
    '0',
    '--api-port',
    '0',
    '--sql-port',
    '0',
    ...args,
  ]);
  const stop = (signal: NodeJS.Signals): Promise<Outcome> => {
    child.kill(signal);
    return ended;
  };
  const said = new Promise<void>((resolve, reject) => {
    let stdout = '';
    child.stdout?.on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('halfopen is up')) resolve();
    });
    void ended.then(({ code, stderr }) => {
      reject(new Error(`halfopen up ended with ${String(code)}: ${stderr}`));
    });
  });
  const ready = said.then(async () => {
    const owner = JSON.parse(await readFile(join(data, 'owner.json'), 'utf8')) as Omit<Up, 'stop'>;
    return { ...owner, stop };
  });
  return { ready, stop };
}
