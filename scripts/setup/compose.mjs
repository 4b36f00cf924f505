// How `docker compose` itself reads a file (compose-go), for tests where no container engine is: built once by Go. Run by
// itself it prints the command's path.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from './cache.mjs';
import { quietly } from './command.mjs';

const SOURCES = fileURLToPath(new URL('compose-loader/', import.meta.url));
const BUILD_MS_MAX = 600_000;

/**
 * @returns the command's path
 * @throws Error that says what is missing
 */
export async function composeLoader() {
  const folder = await cached(`compose-loader-${keyOfSources()}`, async (making) => {
    console.error('halfopen: building the loader of compose files for the tests, once');
    try {
      await quietly('go', ['build', '-o', join(making, 'compose-loader'), '.'], {
        cwd: SOURCES,
        timeout_ms: BUILD_MS_MAX,
      });
    } catch (cause) {
      throw new Error(`tests need Go 1.24 or newer to read the compose file: ${cause.message}`, { cause });
    }
  });
  return join(folder, 'compose-loader');
}

/** Other sources, another platform: another command. */
function keyOfSources() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(SOURCES, file)));
  return hash.digest('hex').slice(0, 16);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await composeLoader());
