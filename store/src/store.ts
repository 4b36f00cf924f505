/**
 * The one door to ClickHouse. Two drivers: the embedded engine (`embedded.ts`), and a server over HTTP (`server.ts`).
 */

/** Rows for one table, already in RowBinary. */
export interface RowBatch {
  readonly table: string;
  /** Column names and their types as the bytes encode them, in order, as in `Timestamp DateTime64(9)`. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** RowBinary, one row after another, in as many pieces as it was written. */
  readonly chunks: readonly Uint8Array[];
  readonly rows: number;
}

export interface QueryOptions {
  /** Bound parameters, `{name:Type}` in the text. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** ClickHouse settings for this query only. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface InsertOptions {
  /**
   * The engine refuses the insert if it begins later by its own clock, ms since the epoch: a process that slept on its way
   * must not insert when others have gone on.
   */
  readonly deadline_ms?: number;
}

export interface Store {
  /**
   * Inserts the rows as one block. The engine drops it whole if a block with this `token` has landed in this table,
   * and completes the materialized views behind the table that had not seen it.
   */
  insert(batch: RowBatch, token: string, options?: InsertOptions): Promise<void>;
  /** Rows as objects (JSONEachRow). Integers above 2^53 lose digits on the way: cast them to String in the query. */
  query<Row>(sql: string, options?: QueryOptions): Promise<Row[]>;
  /** A statement without a result. */
  command(sql: string, options?: QueryOptions): Promise<void>;
  close(): Promise<void>;
}

export type StoreErrorCode =
  'query-failed' | 'insert-failed' | 'unavailable' | 'closed' | 'schema-newer' | 'no-engine';

export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly code: StoreErrorCode,
    message: string,
    /** May the very same call succeed later? */
    readonly retryable: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
