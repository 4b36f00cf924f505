import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { Session, drainPending } from 'chdb';
import { createChdbConnection } from 'chdb/connection';
import { migrate, readMigrations } from './migrate.js';
import { StoreError, type QueryOptions, type RowBatch, type Store } from './store.js';

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

/**
 * Settings of every insert. One block per insert, cut nowhere, whatever its size: a replay must make the same block, or
 * the token cannot drop it (design.md 3).
 */
const INSERT_SETTINGS = {
  deduplicate_insert_select: 'enable_even_for_bad_queries',
  deduplicate_blocks_in_dependent_materialized_views: 1,
  insert_deduplicate: 1,
  max_insert_threads: '1',
  max_threads: 1,
  parallel_view_processing: 0,
  max_block_size: '1000000000',
  max_insert_block_size: '1000000000',
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: '0',
  input_format_parallel_parsing: 0,
} as const;

const FSYNC_TABLES = ['otel_traces', 'ingest_ledger', 'incident_transitions', 'dead_letters'];

/** Opens the engine in this process and brings its schema up to date. */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const staging = join(options.path, 'staging');
  await mkdir(options.path, { recursive: true });
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging);
  const store = new EmbeddedStore(options.path, staging);
  try {
    await migrate(store, await readMigrations());
    if (options.fsync === true) await store.syncEveryPart();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The ClickHouse engine in process (chDB), through the official client. */
export class EmbeddedStore implements Store {
  readonly #client: ClickHouseClient;
  readonly #enginePath: string;
  #staged = 0;
  #closed = false;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(
    path: string,
    private readonly stagingDir: string,
  ) {
    this.#enginePath = join(path, 'engine');
    this.#client = createClient({ connection: startedInUtc(() => chdbConnection(this.#enginePath)) });
  }

  /**
   * A second session on the same engine for SQL written by people: it refuses writes, and the settings given are
   * fixed for its life (`--max_execution_time=30`). Close it before the store.
   */
  openReadOnlySession(settings: Readonly<Record<string, string | number>>): Session {
    this.#assertOpen();
    const fixed = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    return new Session(this.#enginePath, { connectionArgs: [...fixed, '--readonly=1'] });
  }

  async syncEveryPart(): Promise<void> {
    for (const table of FSYNC_TABLES) {
      await this.command(
        `ALTER TABLE ${table} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1`,
      );
    }
  }

  async insert(batch: RowBatch, token: string): Promise<void> {
    // The client's own insert would take the bytes through UTF-8 strings; a file is what the engine reads unharmed.
    const file = join(this.stagingDir, `${this.#staged++}.rows`);
    const structure = batch.columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
    const names = batch.columns.map(({ name }) => `\`${name}\``).join(', ');
    try {
      await writeChunks(file, batch.chunks);
      await this.#run('insert-failed', () =>
        this.#client.command({
          query: `INSERT INTO ${batch.table} (${names})${settingsClause({ ...INSERT_SETTINGS, insert_deduplication_token: token })}
            SELECT ${names} FROM file({file:String}, 'RowBinary', {structure:String})`,
          query_params: { file, structure },
        }),
      );
    } finally {
      await rm(file, { force: true });
    }
  }

  async query<Row>(sql: string, options: QueryOptions = {}): Promise<Row[]> {
    return this.#run('query-failed', async () => {
      const result = await this.#client.query({
        query: sql + settingsClause(options.settings),
        format: 'JSONEachRow',
        query_params: { ...options.params },
      });
      return await result.json<Row>();
    });
  }

  async command(sql: string, options: QueryOptions = {}): Promise<void> {
    const query = sql + settingsClause(options.settings);
    await this.#run('query-failed', () =>
      this.#client.command({ query, query_params: { ...options.params } }),
    );
  }

  /** Waits for what runs, then lets the engine go: afterwards another process may open the directory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#lastTurn;
    await this.#client.close();
    await drainPending();
  }

  /** One statement at a time: the engine's session does no more at once, and a failed one leaves something behind. */
  async #run<T>(code: 'insert-failed' | 'query-failed', call: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    const turn = this.#lastTurn.then(() => this.#callThenTidy(call));
    this.#lastTurn = turn.catch(() => undefined);
    try {
      return await turn;
    } catch (error) {
      // A statement that the engine refuses is refused again; an insert that failed (disk, memory) may pass later.
      throw new StoreError(code, engineMessage(error), code === 'insert-failed', { cause: error });
    }
  }

  /**
   * Rows that a statement had written before it failed stay in the session's output, and chdb 3.4.0 puts them in front
   * of the next answer: a statement of no interest takes them away.
   */
  async #callThenTidy<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      await this.#client.command({ query: 'SELECT 1' });
      throw error;
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed', false);
  }
}

/** Of a long query the engine repeats the whole text in its message. */
const MESSAGE_CHARS_MAX = 1000;

/** The engine's own words (`Code: 62. DB::Exception: ...`) are in the cause; the client keeps only their middle. */
function engineMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = error.cause instanceof Error ? error.cause.message : error.message;
  return message.length > MESSAGE_CHARS_MAX ? `${message.slice(0, MESSAGE_CHARS_MAX)}...` : message;
}

type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/** chdb's connection is made for this client, but each package carries its own declaration of the same classes. */
function chdbConnection(path: string): ClientConnection {
  const connection: unknown = createChdbConnection({ path });
  return connection as ClientConnection;
}

/**
 * The engine takes its time zone from the environment as it starts, and keeps it. It has to be UTC everywhere: else the
 * same text is another instant on another machine, and partitions begin at another hour.
 */
function startedInUtc<T>(start: () => T): T {
  const { TZ } = process.env;
  process.env['TZ'] = 'UTC';
  try {
    return start();
  } finally {
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  }
}

/**
 * Settings as a clause of the statement itself: chdb's connection turns the client's `clickhouse_settings` into SET
 * statements, which stay in force for whatever the session runs next.
 */
function settingsClause(settings: Readonly<Record<string, string | number>> = {}): string {
  const assignments = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}`);
  return assignments.length === 0 ? '' : ` SETTINGS ${assignments.join(', ')}`;
}

function quoted(value: string | number): string {
  return typeof value === 'number'
    ? String(value)
    : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
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
