import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from 'chdb';
import { loadEngine, type Engine } from './engine.js';
import { EngineSession } from './engine-session.js';
import type { PeopleStore } from './gate/session.js';
import { insertStatement } from './insert-statement.js';
import { migrate, readMigrations } from './migrate.js';
import { quoted } from './sql-text.js';
import { StoreError, type InsertOptions, type QueryOptions, type RowBatch } from './store.js';
import { takeBackUnlanded } from './unlanded.js';

export interface EmbeddedStoreOptions {
  /** Directory of the engine's files; made if absent. One process at a time (the caller holds the lock). */
  readonly path: string;
  /**
   * Ask the operating system to write every part to disk before an insert is acknowledged. Without it an insert
   * survives the end of the process, not a power cut.
   * @default false
   */
  readonly fsync?: boolean;
}

/** Opens the engine in this process and brings its schema up to date. */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const staging = join(options.path, 'staging');
  await mkdir(options.path, { recursive: true });
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging);
  await takeBackUnlanded(enginePathOf(options.path));
  const store = new EmbeddedStore(await loadEngine(), options.path, staging);
  try {
    await migrate(store, await readMigrations());
    if (options.fsync === true) await store.syncEveryPart();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The ClickHouse engine in process (chDB). */
export class EmbeddedStore implements PeopleStore {
  readonly #enginePath: string;
  /** Apart, so that an acknowledgement does not wait for somebody's long query. */
  readonly #reads: EngineSession;
  readonly #writes: EngineSession;
  #staged = 0;
  #closed = false;

  constructor(
    private readonly engine: Engine,
    path: string,
    /** For files on their way to the engine or from it; emptied at each start. */
    readonly stagingDir: string,
  ) {
    this.#enginePath = enginePathOf(path);
    this.#reads = new EngineSession(engine, this.#enginePath);
    this.#writes = new EngineSession(engine, this.#enginePath);
  }

  /**
   * Another session on the same engine, for SQL written by people: it refuses writes, and the settings given are
   * fixed for its life (`--max_execution_time=30`). Close it before the store.
   */
  openReadOnlySession(settings: Readonly<Record<string, string | number>>): Session {
    this.#assertOpen();
    const fixed = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    return new this.engine.Session(this.#enginePath, { connectionArgs: [...fixed, '--readonly=1'] });
  }

  /** chdb cannot interrupt a query; the engine can, on request of another session. */
  async kill(mark: string): Promise<void> {
    const session = this.openReadOnlySession({});
    try {
      await session.queryAsync(`KILL QUERY WHERE startsWith(query, ${quoted(mark)}) ASYNC`, {
        format: 'Null',
      });
    } finally {
      session.close();
    }
  }

  /** Of the tables behind views as well: the ledger says of a message that it is stored in all of them. */
  async syncEveryPart(): Promise<void> {
    const tables = await this.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
    );
    for (const { name } of tables) {
      await this.command(
        `ALTER TABLE ${name} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1`,
      );
    }
  }

  async insert(batch: RowBatch, token: string, options: InsertOptions = {}): Promise<void> {
    // The client's own insert would take the bytes through UTF-8 strings; a file is what the engine reads unharmed.
    const file = join(this.stagingDir, `${this.#staged++}.rows`);
    try {
      await writeChunks(file, batch.chunks);
      // Literals, not bound parameters: of statements with parameters only one runs at a time in the whole process.
      const sourceOf = (structure: string) => `file(${quoted(file)}, 'RowBinary', ${quoted(structure)})`;
      const sql = insertStatement(batch, token, sourceOf, options.deadline_ms);
      await this.#run('insert-failed', () => this.#writes.command(sql));
    } finally {
      await rm(file, { force: true });
    }
  }

  async query<Row>(sql: string, options: QueryOptions = {}): Promise<Row[]> {
    return this.#run('query-failed', () => this.#reads.query<Row>(sql, options));
  }

  async command(sql: string, options: QueryOptions = {}): Promise<void> {
    await this.#run('query-failed', () => this.#writes.command(sql, options));
  }

  /** Waits for what runs, then lets the engine go: afterwards another process may open the directory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#reads.close();
    await this.#writes.close();
    await this.engine.drainPending();
  }

  async #run<T>(code: 'insert-failed' | 'query-failed', call: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await call();
    } catch (error) {
      // A statement that the engine refuses is refused again; an insert that failed (disk, memory) may pass later.
      throw new StoreError(code, engineMessage(error), code === 'insert-failed', { cause: error });
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed', false);
  }
}

function enginePathOf(path: string): string {
  return join(path, 'engine');
}

/** Of a long query the engine repeats the whole text in its message. */
const MESSAGE_CHARS_MAX = 1000;

/** The engine's own words (`Code: 62. DB::Exception: ...`) are in the cause; the client keeps only their middle. */
function engineMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = error.cause instanceof Error ? error.cause.message : error.message;
  return message.length > MESSAGE_CHARS_MAX ? `${message.slice(0, MESSAGE_CHARS_MAX)}...` : message;
}

async function writeChunks(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const file: FileHandle = await open(path, 'wx');
  try {
    for (const chunk of chunks) {
      for (let written = 0; written < chunk.length;) {
        written += (await file.write(chunk, written)).bytesWritten;
      }
    }
  } finally {
    await file.close();
  }
}
