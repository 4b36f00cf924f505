import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../docs/pages.js';
import type { Service } from './project.js';

const run = promisify(execFile);
const MAKE_SECRETS = join(ROOT, 'deploy', 'compose', 'make-secrets.sh');

/** Makes the secrets as a user does, in this folder instead. */
export async function makeSecrets(folder: string): Promise<void> {
  await run('sh', [MAKE_SECRETS, folder]);
}

/** The configuration that a service of ours mounts, as its command names it. */
export function mountedConfig({ command = [], volumes = [] }: Service): string {
  const at = command.map((word, index) =>
    word === '--config' ? command[index + 1] : /^--config=(.*)$/.exec(word)?.[1],
  );
  const target = at.find((path) => path !== undefined);
  const source = volumes.find((mount) => mount.type === 'bind' && mount.target === target)?.source;
  if (source === undefined) throw new Error(`nothing is mounted as ${target ?? '--config'}`);
  return source;
}

/**
 * The same file for processes outside of containers: secrets where they are here, and whatever else is replaced.
 * Fails where there is nothing to replace.
 *
 * @returns its path
 */
export async function configHere(
  source: string,
  folder: string,
  replaced: readonly (readonly [string, string])[],
): Promise<string> {
  let text = await readFile(source, 'utf8');
  for (const [from, to] of replaced) {
    if (!text.includes(from)) throw new Error(`${source} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  const file = join(folder, 'halfopen.yaml');
  await writeFile(file, text);
  return file;
}
