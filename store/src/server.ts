import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClickHouseError, createClient, type ClickHouseClient } from '@clickhouse/client';
import { insertStatement } from './insert-statement.js';
import { migrate, readMigrations } from './migrate.js';
import { withMigrationLock } from './migration-lock.js';
import { quoted, settingsClause } from './sql-text.js';
import { StoreError, type InsertOptions, type QueryOptions, type RowBatch, type Store } from './store.js';

export interface ServerStoreOptions {
  /** `http://` or `https://`, host and port; without a path. */
  readonly url: string;
  /** @default default */
  readonly username?: string;
  readonly password?: string;
  /** Must exist. @default default */
  readonly database?: string;
  /** PEM file of the authority that signed the server's certificate; the system's unless given. */
  readonly caFile?: string;
  /** For an answer to one statement. @default 60_000 */
  readonly requestMs?: number;
}

const REQUEST_MS = 60_000;
/** A server closes connections that idle for 10 s unless told otherwise: ours go before. */
const IDLE_SOCKET_MS = 2_500;
const CONNECTIONS_MAX = 10;

/** Reaches a ClickHouse server over HTTP and brings its schema up to date, once if several processes start together. */
export async function openServerStore(options: ServerStoreOptions): Promise<ServerStore> {
  const store = new ServerStore(options);
  try {
    await withMigrationLock(store, async () => migrate(store, await readMigrations()));
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A ClickHouse server, by the official client. */
export class ServerStore implements Store {
  readonly #client: ClickHouseClient;
  #closed = false;

  constructor(options: ServerStoreOptions) {
    const { url, username = 'default', password = '', database = 'default', caFile } = options;
    this.#client = createClient({
      url,
      username,
      password,
      database,
      application: 'halfopen',
      request_timeout: options.requestMs ?? REQUEST_MS,
      max_open_connections: CONNECTIONS_MAX,
      keep_alive: { enabled: true, idle_socket_ttl: IDLE_SOCKET_MS },
      ...(caFile === undefined ? {} : { tls: { ca_cert: readFileSync(caFile) } }),
      // Times without a zone mean UTC, whatever zone the server is in.
      clickhouse_settings: { session_timezone: 'UTC' },
    });
  }

  async insert(batch: RowBatch, token: string, options: InsertOptions = {}): Promise<void> {
    const sql = insertStatement(
      batch,
      token,
      (structure) => `input(${quoted(structure)})`,
      options.deadline_ms,
    );
    await this.#run('insert-failed', async () => {
      const values = Readable.from(batch.chunks, { objectMode: false });
      const { stream } = await this.#client.exec({ query: `${sql} FORMAT RowBinary`, values });
      await drained(stream);
    });
  }

  async query<Row>(sql: string, options: QueryOptions = {}): Promise<Row[]> {
    return this.#run('query-failed', async () => {
      const result = await this.#client.query({
        query: sql + settingsClause(options.settings),
        format: 'JSONEachRow',
        query_params: { ...options.params },
      });
      return result.json<Row>();
    });
  }

  async command(sql: string, options: QueryOptions = {}): Promise<void> {
    await this.#run('query-failed', () =>
      this.#client.command({
        query: sql + settingsClause(options.settings),
        query_params: { ...options.params },
      }),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#client.close();
  }

  async #run<T>(code: 'insert-failed' | 'query-failed', call: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreError('closed', 'the store is closed', false);
    try {
      return await call();
    } catch (error) {
      throw asStoreError(error, code);
    }
  }
}

/**
 * What a server answers as an error is meant for the statement, and comes again; an insert may pass later (memory, disk,
 * too many parts). Anything else happened on the way: the statement may have been carried out, and may be sent again.
 */
function asStoreError(error: unknown, code: 'insert-failed' | 'query-failed'): StoreError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ClickHouseError)
    return new StoreError(code, `Code: ${error.code}. ${message}`, code === 'insert-failed', {
      cause: error,
    });
  return new StoreError('unavailable', `the ClickHouse server does not answer: ${message}`, true, {
    cause: error,
  });
}

/** Nothing is in it, but the connection is free only when it has been read. */
async function drained(stream: Readable): Promise<void> {
  stream.resume();
  await finished(stream);
}
