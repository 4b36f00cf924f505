import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { PeopleSqlError } from './error.js';

/**
 * The way of a result from the engine into this process, as it is made: a named pipe that the engine takes for a file.
 * The engine waits while nobody reads, so what is under way is never more than the pipe holds. (chdb's own stream hands
 * over blocks of tens of megabytes, each a document of its own: ADR 0011.)
 */
export class ResultPipes {
  readonly #free: string[] = [];
  readonly #made: string[] = [];

  /** @param dir where the pipes are made */
  constructor(private readonly dir: string) {}

  async open(): Promise<ResultPipe> {
    const path = this.#free.pop() ?? (await this.#make());
    return new ResultPipe(path, () => this.#free.push(path));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#made.map((path) => unlink(path)));
  }

  async #make(): Promise<string> {
    const path = join(this.dir, `${randomUUID()}.result`);
    this.#made.push(path);
    // Node has no call for it. Pipes are used again, so this runs as often as there are queries at once.
    const child = spawn('mkfifo', ['-m', '600', path], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    try {
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) throw new Error(said.trim());
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new PeopleSqlError('query-failed', `a named pipe for the result can't be made: ${why}`, {
        cause,
      });
    }
    return path;
  }
}

/** One result. */
export class ResultPipe {
  /** The result as it comes. Who stops reading calls `drain`. */
  readonly chunks: AsyncIterator<Uint8Array, undefined>;
  /** While we hold this end too, the reader does not take a pipe that the engine has not opened yet for an end. */
  #holder: number | undefined;
  #isDraining = false;
  /** A pipe that either side still has open must not carry another result. */
  readonly #open = new Set(['engine', 'reader']);

  constructor(
    readonly path: string,
    private readonly release: () => void,
  ) {
    // The order matters: an end to write to can be opened only once there is a reader.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#holder = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const reader = new Socket({ fd, readable: true, writable: false });
    reader.on('error', () => undefined); // told to whoever iterates
    reader.once('close', () => {
      this.#closed('reader');
    });
    this.chunks = reader.iterator() as AsyncIterator<Uint8Array, undefined>;
  }

  /** The engine has let go of it: once what there is has been read, the reader ends. */
  end(): void {
    if (this.#holder !== undefined) closeSync(this.#holder);
    this.#holder = undefined;
    this.#closed('engine');
  }

  /**
   * Reads what is left and throws it away. Closing the reader instead would leave an engine that has not opened its end
   * yet waiting for one forever.
   */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#readOn().catch(() => undefined);
  }

  async #readOn(): Promise<void> {
    while ((await this.chunks.next()).done !== true);
  }

  #closed(side: 'engine' | 'reader'): void {
    if (this.#open.delete(side) && this.#open.size === 0) this.release();
  }
}
