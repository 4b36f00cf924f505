import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, Failure } from '../failure.js';

/** Who owns a data directory, for the other commands to find its ports. */
export interface Owner {
  readonly pid: number;
  /** RFC 3339 */
  readonly since: string;
  /** What it is doing: `up`, `import`, ... */
  readonly command: string;
  /** Absent until it listens, or where it does not. */
  readonly collectorUrl?: string;
  readonly apiUrl?: string;
  readonly sqlUrl?: string;
}

const OWNER_FILE = 'owner.json';

/** The data directory, owned by this process until released, or until the process ends in whatever way. */
export class Ownership {
  readonly since = new Date().toISOString();

  constructor(
    readonly dir: string,
    private readonly command: string,
    private readonly lock: Server,
  ) {
    this.announce({});
  }

  announce(urls: Pick<Owner, 'collectorUrl' | 'apiUrl' | 'sqlUrl'>): void {
    const owner: Owner = { pid: process.pid, since: this.since, command: this.command, ...urls };
    const file = join(this.dir, OWNER_FILE);
    writeFileSync(`${file}.new`, JSON.stringify(owner), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  async release(): Promise<void> {
    rmSync(join(this.dir, OWNER_FILE), { force: true });
    await new Promise((resolve) => this.lock.close(resolve));
  }
}

/**
 * Takes the directory for this process; undefined when another one has it. The lock is a listening socket: the kernel
 * gives it to one process only, and takes it back when that one ends, be it by SIGKILL, so no lock is ever stale.
 */
export async function own(dir: string, command: string): Promise<Ownership | undefined> {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 }); // the fleet's data is its owner's
  } catch (cause) {
    throw new Failure(
      `${dir}: the data directory can't be made (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}); choose another with --data`,
      EXIT.failed,
      { cause },
    );
  }
  const lock = createServer((socket) => socket.destroy());
  const taken = await new Promise<boolean>((resolve, reject) => {
    lock.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    lock.listen(lockAddress(dir), () => {
      resolve(true);
    });
  });
  if (!taken) return undefined;
  lock.unref();
  return new Ownership(dir, command, lock);
}

/** In Linux's abstract namespace, which has no files; elsewhere a file that the operating system does not clean up. */
function lockAddress(dir: string): string {
  const name = `halfopen-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 32)}`;
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}

export function currentOwner(dir: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, OWNER_FILE), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

/** What somebody is told who needs the directory for himself. */
export function inUse(dir: string): Failure {
  const owner = currentOwner(dir);
  const who =
    owner === undefined
      ? 'another process'
      : `halfopen ${owner.command} (process ${owner.pid}, since ${owner.since})`;
  return new Failure(
    `${dir} belongs to ${who}: stop it first, or choose another directory with --data`,
    EXIT.inUse,
  );
}
