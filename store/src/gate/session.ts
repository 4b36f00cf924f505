import type { Store } from '../store.js';

/** What a statement gave. */
export interface ReadResult {
  bytes(): Uint8Array;
  text(): string;
  /** Rows of the result; chdb calls them so. */
  readonly rowsRead: number;
  /** Of the result, as the engine held it. */
  readonly bytesRead: number;
  /** Seconds. */
  readonly elapsed: number;
}

/** Where one query of people's runs: it refuses writes, and its settings are fixed for its life. */
export interface ReadSession {
  /** @throws Error in the engine's own words: `Code: 60. DB::Exception: ... (UNKNOWN_TABLE)` */
  queryAsync(sql: string, options: { readonly format: string }): Promise<ReadResult>;
  close(): void;
}

/** A store that people may be let into. */
export interface PeopleStore extends Store {
  openReadOnlySession(settings: Readonly<Record<string, string | number>>): ReadSession;
  /** Ends the query that begins with this comment, if it runs. */
  kill(mark: string): Promise<void>;
  /** Where named pipes for results can be made that the engine writes into; absent where it runs elsewhere. */
  readonly stagingDir?: string;
}
