// Where set-up keeps what it has built or fetched once: outside the tree, so that a fresh clone finds it.
import { mkdtempSync, renameSync, rmSync, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT =
  process.env.HALFOPEN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'halfopen');

/**
 * The folder of this name, made by `make` if it is not there. It appears whole or not at all, so that two set-ups at once,
 * or one that is killed, do no harm.
 *
 * @param name says everything that its contents depend on
 * @param make fills the empty folder it is given
 */
export async function cached(name, make) {
  const folder = join(ROOT, name);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const making = mkdtempSync(`${folder}.making-`);
  try {
    await make(making);
    try {
      renameSync(making, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error; // else somebody else was first
    }
    return folder;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
