// How `docker compose` itself reads a file (compose-go's command), for tests where no container engine is: built once by
// Go. Run by itself it prints the command's path.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from './cache.mjs';
import { quietly } from './command.mjs';

const COMPOSE_GO = '2.16.2';
const BUILD_MS_MAX = 600_000;

/**
 * @returns the command's path
 * @throws Error that says what is missing
 */
export async function composeLoader() {
  const { platform, arch } = process;
  const folder = await cached(`compose-go-${COMPOSE_GO}-${platform}-${arch}`, async (making) => {
    console.error('halfopen: building the loader of compose files for the tests, once');
    const command = `github.com/compose-spec/compose-go/v2/cmd@v${COMPOSE_GO}`;
    try {
      await quietly('go', ['install', command], {
        env: { ...process.env, GOBIN: making },
        timeout_ms: BUILD_MS_MAX,
      });
    } catch (cause) {
      throw new Error(`tests need Go 1.24 to read the compose file: ${cause.message}`, { cause });
    }
  });
  return join(folder, 'cmd');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await composeLoader());
