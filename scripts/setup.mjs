// What npm start and npm test share: the right Node, the packages of the lock file, the compiled workspaces.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_MIN = [20, 19];
const STAMP = join(ROOT, 'node_modules', '.halfopen-lock');

/** Runs a command in the project's folder; resolves with its exit code. Ctrl-C reaches it by the terminal itself. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, forward);
    const ignore = () => undefined; // the child stops by itself and we tell its exit code
    process.on('SIGINT', ignore);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of ['SIGTERM', 'SIGHUP']) process.off(name, forward);
      process.off('SIGINT', ignore);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/** @throws Error that says what is missing */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = NODE_MIN;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Error(`Node ${NODE_MIN.join('.')} or newer is needed; this is ${process.versions.node}`);
}

/** `npm ci`, but only when there are no packages yet or the lock file is another one. */
export async function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  console.log('halfopen: installing packages');
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0) throw new Error(`npm ci failed (exit code ${code})`);
  writeFileSync(STAMP, lock);
}

/** Compiles what changed, and bundles the console's pages if they did. */
export async function build() {
  const code = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b']);
  if (code !== 0) throw new Error('the sources do not compile');
  // Imported only now: on a fresh checkout the packages have just been installed.
  const { buildPages } = await import('../dashboards/console/build.mjs');
  await buildPages();
}

/** Compiled files of sources that are gone would still run as tests. */
export function removeCompiled(workspaces) {
  for (const workspace of workspaces) rmSync(join(ROOT, workspace, 'dist'), { recursive: true, force: true });
}

export function workspaces() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).workspaces;
}
