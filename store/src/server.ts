import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { ClickHouseError, ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import type { PeopleStore, ReadResult, ReadSession } from './gate/session.js';
import { insertStatement } from './insert-statement.js';
import { migrate, readMigrations } from './migrate.js';
import { withMigrationLock } from './migration-lock.js';
import { quoted, settingsClause, withLiterals } from './sql-text.js';
import { StoreError, type InsertOptions, type QueryOptions, type RowBatch } from './store.js';

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
    await prepareServerStore(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Brings the schema up to date, once if several processes do so together. @throws StoreError */
export async function prepareServerStore(store: ServerStore): Promise<void> {
  await withMigrationLock(store, async () => migrate(store, await readMigrations()));
}

/** A ClickHouse server, by the official client. Nothing is asked of it before the first statement. */
export class ServerStore implements PeopleStore {
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
      // What goes wrong is thrown, and told by whoever asked; the client would print it as well.
      log: { level: ClickHouseLogLevel.OFF },
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
      const result = await this.#client.query({ ...statement(sql, options), format: 'JSONEachRow' });
      return result.json<Row>();
    });
  }

  async command(sql: string, options: QueryOptions = {}): Promise<void> {
    await this.#run('query-failed', () => this.#client.command(statement(sql, options)));
  }

  /**
   * For SQL written by people: every statement is sent with these settings and as read-only, which the server holds on to
   * (a SETTINGS clause in the text is refused). The user's own profile must allow settings: `readonly` 0.
   */
  openReadOnlySession(settings: Readonly<Record<string, string | number>>): ReadSession {
    return {
      queryAsync: (sql, { format }) => this.#read(sql, format, settings),
      close: () => undefined,
    };
  }

  async kill(mark: string): Promise<void> {
    await this.command(`KILL QUERY WHERE startsWith(query, ${quoted(mark)}) ASYNC`);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#client.close();
  }

  async #read(
    sql: string,
    format: string,
    settings: Readonly<Record<string, string | number>>,
  ): Promise<ReadResult> {
    if (this.#closed) throw new StoreError('closed', 'the store is closed', false);
    try {
      const { stream, summary } = await this.#client.exec({
        query: `${sql} FORMAT ${format}`,
        // The answer begins when all of it is there: an error in its midst is an error, and what it says of itself is final.
        clickhouse_settings: { ...settings, readonly: '1', wait_end_of_query: 1 },
      });
      const whole = await buffer(stream);
      return {
        bytes: () => whole,
        text: () => whole.toString('utf8'),
        rowsRead: Number(summary?.result_rows ?? 0),
        bytesRead: Number(summary?.result_bytes ?? 0),
        elapsed: Number(summary?.elapsed_ns ?? 0) / 1e9,
      };
    } catch (error) {
      if (!(error instanceof ClickHouseError)) throw asStoreError(error, 'query-failed');
      const { code, type = 'UNKNOWN_EXCEPTION', message } = error;
      throw new Error(`Code: ${code}. DB::Exception: ${message} (${type})`, { cause: error });
    }
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

/** Parameters travel in the address, and proxies and servers bound that: 128 KiB a value and 1 MiB in all, or far less. */
const PARAM_CHARS_MAX = 4096;

function statement(sql: string, { params = {}, settings }: QueryOptions) {
  const query = sql + settingsClause(settings);
  const chars = Object.values(params).reduce<number>((sum, value) => sum + JSON.stringify(value).length, 0);
  if (chars <= PARAM_CHARS_MAX) return { query, query_params: { ...params } };
  const whole = withLiterals(query, params);
  return { query: whole, clickhouse_settings: { max_query_size: String(2 * Buffer.byteLength(whole)) } };
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
