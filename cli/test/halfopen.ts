import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const BINARY = fileURLToPath(new URL('../../bin/halfopen.js', import.meta.url));

/** A recording of the lab's. */
export function sample(name: string): string {
  return fileURLToPath(new URL(`../../../lab/samples/${name}.jsonl.gz`, import.meta.url));
}

/** A folder that goes with the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-cli-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end. */
export async function halfopen(...args: string[]): Promise<Outcome> {
  return ending(spawn(process.execPath, [BINARY, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

async function ending(child: ChildProcess): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

/** A running `halfopen up`. */
export interface Up {
  readonly pid: number;
  readonly collectorUrl: string;
  readonly apiUrl: string;
  /** Everything printed so far. */
  stdout(): string;
  stop(signal: NodeJS.Signals): Promise<Outcome>;
}

/** Starts `up` on free ports and resolves once it says that it is up. It ends with the test at the latest. */
export async function up(t: TestContext, data: string, ...args: string[]): Promise<Up> {
  const child = spawn(
    process.execPath,
    [BINARY, 'up', '--data', data, '--otlp-port', '0', '--api-port', '0', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  t.after(() => child.kill('SIGKILL'));
  const ended = ending(child);
  let stdout = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('halfopen is up')) resolve();
    });
    void ended.then(({ code, stderr }) => {
      reject(new Error(`halfopen up ended with ${String(code)}: ${stderr}`));
    });
  });
  const owner = JSON.parse(await readFile(join(data, 'owner.json'), 'utf8')) as {
    pid: number;
    collectorUrl: string;
    apiUrl: string;
  };
  return {
    ...owner,
    stdout: () => stdout,
    stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
