// What an installation holds, laid out in a folder: the container image is that, and tests run it without one.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { quietly } from './setup/command.mjs';
import { kafkaClient } from './setup/kafka-client.mjs';
import { ROOT, workspaces } from './setup.mjs';

const run = promisify(execFile);
/** The package that has the command: it and what it depends on are the image. */
const COMMAND = 'cli';
const INSTALL_MS_MAX = 600_000;
/** Of no use to a process that runs: declarations for compilers, maps for debuggers. */
const FOR_DEVELOPERS = /\.(map|d\.ts)$/;

/**
 * Compiled files of the command's packages (npm's `files` of each says which), their dependencies without those for
 * development, the native part of the Kafka client.
 *
 * @param folder must not hold anything yet
 */
export async function layOut(folder) {
  mkdirSync(folder, { recursive: true });
  // npm checks the lock file against the manifests of all workspaces, and installs for one.
  for (const file of ['package.json', 'package-lock.json', '.npmrc', ...workspaces().map(manifest)])
    copy(file, folder);
  const options = ['--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await quietly('npm', ['ci', '--workspace', COMMAND, ...options], {
    cwd: folder,
    timeout_ms: INSTALL_MS_MAX,
  });
  await kafkaClient(folder);
  // The sources that it may have to be built from.
  rmSync(join(folder, 'node_modules/@confluentinc/kafka-javascript/deps'), { recursive: true, force: true });
  const needed = closure(COMMAND);
  for (const workspace of workspaces())
    if (!needed.has(workspace)) rmSync(join(folder, workspace), { recursive: true });
  for (const [workspace, files] of await packedFiles(needed))
    for (const file of files) if (!FOR_DEVELOPERS.test(file)) copy(join(workspace, file), folder);
}

function copy(file, folder) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  cpSync(join(ROOT, file), join(folder, file));
}

function manifest(workspace) {
  return join(workspace, 'package.json');
}

/** The workspace and all others that it reaches through `dependencies`. */
function closure(workspace, seen = new Set()) {
  if (seen.has(workspace)) return seen;
  seen.add(workspace);
  for (const name of Object.keys(read(workspace).dependencies ?? {})) {
    const ours = workspaces().find((other) => read(other).name === name);
    if (ours !== undefined) closure(ours, seen);
  }
  return seen;
}

function read(workspace) {
  return JSON.parse(readFileSync(join(ROOT, manifest(workspace)), 'utf8'));
}

/** By workspace: what npm would publish of it. */
async function packedFiles(names) {
  const list = [...names];
  const args = ['pack', '--dry-run', '--json', ...list.flatMap((name) => ['--workspace', name])];
  const { stdout } = await run('npm', args, { cwd: ROOT, maxBuffer: 2 ** 26 });
  const packed = new Map(JSON.parse(stdout).map(({ name, files }) => [name, files.map(({ path }) => path)]));
  return list.map((workspace) => [workspace, packed.get(read(workspace).name)]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new Error('usage: node scripts/image.mjs FOLDER');
  await layOut(resolve(folder));
}
