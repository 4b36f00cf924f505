import { createClient, type ClickHouseClient } from '@clickhouse/client';
import type { Engine } from './engine.js';
import { settingsClause } from './sql-text.js';
import type { QueryOptions } from './store.js';

/**
 * One session of the engine in process, through the official client. It runs one statement at a time; sessions run side
 * by side, but for statements with bound parameters: chdb runs one of these at a time in the whole process.
 */
export class EngineSession {
  readonly #client: ClickHouseClient;
  #lastTurn: Promise<unknown> = Promise.resolve();

  /** @param path directory of the engine's files */
  constructor(engine: Engine, path: string) {
    this.#client = createClient({ connection: startedInUtc(() => chdbConnection(engine, path)) });
  }

  query<Row>(sql: string, options: QueryOptions): Promise<Row[]> {
    return this.#inTurn(async () => {
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
    await this.#inTurn(() => this.#client.command({ query, query_params: { ...options.params } }));
  }

  /** Waits for what runs. */
  async close(): Promise<void> {
    await this.#lastTurn;
    await this.#client.close();
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(() => this.#callThenTidy(call));
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
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
}

type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/** chdb's connection is made for this client, but each package carries its own declaration of the same classes. */
function chdbConnection({ createChdbConnection }: Engine, path: string): ClientConnection {
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
