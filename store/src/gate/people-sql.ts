import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from 'chdb';
import type { EmbeddedStore } from '../embedded.js';
import { admit, ask } from './admit.js';
import { readCatalogue, type Catalogue } from './catalogue.js';
import { abortReason, PeopleSqlError } from './error.js';
import { refuseFormat } from './judge.js';
import { DEFAULT_PEOPLE_SQL_LIMITS, sessionSettings, type PeopleSqlLimits } from './limits.js';
import { Turns } from './turns.js';

export interface PeopleQueryOptions {
  /** Values of `{name:Type}` in the text, as text of that type: `42`, `2026-10-01 12:00:00`, `['a', 'b']`. */
  readonly params?: Readonly<Record<string, string>>;
  /** Output format where the text has no FORMAT clause. @default TabSeparated */
  readonly format?: string;
  /** Seconds, if less than the limit. */
  readonly executionSeconds?: number;
  /** Ends the query in the engine too. */
  readonly signal?: AbortSignal;
}

export interface PeopleAnswer {
  /** The whole result in `format`. */
  readonly bytes: Uint8Array;
  readonly format: string;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedMs: number;
}

/** Beyond `executionSecondsMax` the caller waits this long for the engine to notice, and no longer. */
const GRACE_MS = 1000;

/** A query that was killed before it began is not there to be killed: look again. */
const KILL_AGAIN_MS = 200;

/**
 * Opens the door for SQL written by people. Migrations must have run: it knows the tables of this moment.
 *
 * @throws StoreError if the store does not say what it has
 */
export async function openPeopleSql(
  store: EmbeddedStore,
  limits: Partial<PeopleSqlLimits> = {},
): Promise<PeopleSql> {
  return new PeopleSql(store, { ...DEFAULT_PEOPLE_SQL_LIMITS, ...limits }, await readCatalogue(store));
}

/** Reads for people, within limits. Close it before the store. */
export class PeopleSql {
  readonly #turns: Turns;
  /** Each query's own stop, and its end in the engine. */
  readonly #queries = new Map<AbortController, Promise<unknown>>();
  #closed = false;

  constructor(
    private readonly store: EmbeddedStore,
    private readonly limits: PeopleSqlLimits,
    private readonly catalogue: Catalogue,
  ) {
    this.#turns = new Turns(limits);
  }

  /**
   * Runs one statement that reads.
   *
   * @throws PeopleSqlError for every reason why there is no answer. After an abort or past the time limit the caller is
   * answered at once; the query keeps its turn until the engine has let go of it.
   */
  async query(sql: string, options: PeopleQueryOptions = {}): Promise<PeopleAnswer> {
    if (this.#closed) throw closed();
    const stop = new AbortController();
    const onAbort = () => {
      stop.abort(
        new PeopleSqlError('cancelled', 'the query was cancelled', { cause: options.signal?.reason }),
      );
    };
    options.signal?.addEventListener('abort', onAbort);
    if (options.signal?.aborted === true) onAbort();
    const stopped = rejectionOf(stop.signal);
    const work = this.#inTurn(sql, options, stop);
    this.#queries.set(stop, work);
    const forget = () => {
      this.#queries.delete(stop);
      options.signal?.removeEventListener('abort', onAbort);
    };
    work.then(forget, forget);
    return Promise.race([work, stopped]);
  }

  /** Stops what runs, refuses what waits, and returns when the engine has let go of everything. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#queries.keys()) stop.abort(closed());
    await Promise.allSettled(this.#queries.values());
  }

  async #inTurn(sql: string, options: PeopleQueryOptions, stop: AbortController): Promise<PeopleAnswer> {
    const bytes = Buffer.byteLength(sql);
    if (bytes > this.limits.textBytesMax) {
      const message = `the text has ${bytes} bytes, at most ${this.limits.textBytesMax} are allowed`;
      throw new PeopleSqlError('text-too-long', message);
    }
    await this.#turns.begin(stop.signal);
    const seconds = this.#executionSeconds(options.executionSeconds);
    const deadline = setTimeout(
      () => {
        stop.abort(new PeopleSqlError('limit-exceeded', `the query ran longer than ${seconds} s`));
      },
      seconds * 1000 + GRACE_MS,
    );
    try {
      return await this.#inSession(sql, options, seconds, stop.signal);
    } finally {
      clearTimeout(deadline);
      this.#turns.end();
    }
  }

  /** A session of its own for each query: none finds anything of another, and they run side by side. */
  async #inSession(
    sql: string,
    options: PeopleQueryOptions,
    seconds: number,
    signal: AbortSignal,
  ): Promise<PeopleAnswer> {
    const session = this.store.openReadOnlySession(sessionSettings(this.limits, seconds));
    try {
      const params = new Map(Object.entries(options.params ?? {}));
      const admitted = await admit(session, sql, params, this.catalogue);
      const format = admitted.format ?? options.format ?? 'TabSeparated';
      if (!this.catalogue.allowsFormat(format)) {
        throw new PeopleSqlError('format-refused', refuseFormat(format).message);
      }
      signal.throwIfAborted();
      return await this.#run(session, admitted.text, format, signal);
    } finally {
      session.close();
    }
  }

  async #run(session: Session, sql: string, format: string, signal: AbortSignal): Promise<PeopleAnswer> {
    const mark = `/* people:${randomUUID()} */`;
    const answer = ask(session, `${mark} ${sql}`, format);
    const ended = answer.then(
      () => true,
      () => true,
    );
    let killed: Promise<void> | undefined;
    signal.addEventListener('abort', () => {
      killed = this.#kill(mark, ended);
    });
    try {
      const result = await answer;
      return {
        bytes: result.bytes(),
        format,
        rowsRead: result.rowsRead,
        bytesRead: result.bytesRead,
        elapsedMs: result.elapsed * 1000,
      };
    } finally {
      await killed;
    }
  }

  /** chdb cannot interrupt a query; the engine can, on request of another session. */
  async #kill(mark: string, ended: Promise<boolean>): Promise<void> {
    const session = this.store.openReadOnlySession({});
    try {
      do await ask(session, `KILL QUERY WHERE startsWith(query, '${mark}') ASYNC`, 'Null');
      while (!(await Promise.race([ended, delay(KILL_AGAIN_MS, false)])));
    } finally {
      session.close();
    }
  }

  #executionSeconds(asked = Infinity): number {
    return asked > 0 ? Math.min(asked, this.limits.executionSecondsMax) : this.limits.executionSecondsMax;
  }
}

function closed(): PeopleSqlError {
  return new PeopleSqlError('closed', 'the door for queries written by people is closed');
}

/** Rejects with the signal's reason once it is aborted. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(abortReason(signal));
    });
  });
}
