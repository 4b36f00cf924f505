import { admit } from './admit.js';
import { readCatalogue, type Catalogue } from './catalogue.js';
import { fromEngine, PeopleSqlError, rejectionOf } from './error.js';
import { refuseFormat } from './judge.js';
import { DEFAULT_PEOPLE_SQL_LIMITS, sessionSettings, type Delivery, type PeopleSqlLimits } from './limits.js';
import { ResultPipes } from './result-pipes.js';
import { runStreamed, runWhole, type Admission, type PeopleAnswer, type PeopleStream } from './run.js';
import type { PeopleStore } from './session.js';
import { withAskedSettings } from './settings.js';
import { Turns } from './turns.js';

export interface PeopleQueryOptions {
  /** Values of `{name:Type}` in the text, as text of that type: `42`, `2026-10-01 12:00:00`, `['a', 'b']`. */
  readonly params?: Readonly<Record<string, string>>;
  /** They are escaped as in a field of TabSeparated, `\N` for NULL: what ClickHouse's HTTP clients send. @default false */
  readonly paramsEscaped?: boolean;
  /** Output format where the text has no FORMAT clause. @default TabSeparated */
  readonly format?: string;
  /** Seconds, if less than the limit. */
  readonly executionSeconds?: number;
  /** Settings of ClickHouse for this query. Some are taken, limits if they are lower; any other refuses the query. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Ends the query in the engine too. */
  readonly signal?: AbortSignal;
}

/** Beyond `executionSecondsMax` the caller waits this long for the engine to notice, and no longer. */
const GRACE_MS = 1000;

/**
 * Opens the door for SQL written by people. Migrations must have run: it knows the tables of this moment.
 *
 * @throws PeopleSqlError if the store does not say what it has
 */
export async function openPeopleSql(
  store: PeopleStore,
  limits: Partial<PeopleSqlLimits> = {},
): Promise<PeopleSql> {
  const people = peopleSqlOf(store, limits);
  await people.tables();
  return people;
}

/** The same door before migrations have run, or the store is reached: it knows the tables of its first query. */
export function peopleSqlOf(store: PeopleStore, limits: Partial<PeopleSqlLimits> = {}): PeopleSql {
  return new PeopleSql(store, { ...DEFAULT_PEOPLE_SQL_LIMITS, ...limits });
}

/** Reads for people, within limits. Close it before the store. */
export class PeopleSql {
  readonly #turns: Turns;
  readonly #pipes: ResultPipes | undefined;
  /** Each query's own stop, and its end in the engine. */
  readonly #queries = new Map<AbortController, Promise<unknown>>();
  #catalogue: Promise<Catalogue> | undefined;
  #closed = false;

  constructor(
    private readonly store: PeopleStore,
    private readonly limits: PeopleSqlLimits,
  ) {
    this.#turns = new Turns(limits);
    this.#pipes = store.stagingDir === undefined ? undefined : new ResultPipes(store.stagingDir);
  }

  /** What may be named. @throws PeopleSqlError */
  async tables(): Promise<Catalogue> {
    this.#catalogue ??= readCatalogue(this.store);
    try {
      return await this.#catalogue;
    } catch (error) {
      this.#catalogue = undefined;
      throw fromEngine(error);
    }
  }

  /**
   * Runs one statement that reads, and hands its result over whole.
   *
   * @throws PeopleSqlError for every reason why there is no answer. After an abort or past the time limit the caller is
   * answered at once; the query keeps its turn until the engine has let go of it.
   */
  async query(sql: string, options: PeopleQueryOptions = {}): Promise<PeopleAnswer> {
    const { work, stopped } = this.#begin(sql, options, 'whole', (admission) =>
      runWhole(this.store, admission),
    );
    return Promise.race([work, stopped]);
  }

  /**
   * Runs one statement that reads, and hands its result on while the engine makes it: in any format and of any length
   * within the time limit, in a bounded part of memory. The query keeps its turn until the engine has written everything,
   * and waits for whoever reads. Of an engine in another process the result comes whole, within the bounds of `query`: it
   * has a door for long ones itself.
   *
   * @returns once the statement is admitted; it may still fail before its first byte
   * @throws PeopleSqlError why it does not begin
   */
  async stream(sql: string, options: PeopleQueryOptions = {}): Promise<PeopleStream> {
    let begun: (stream: PeopleStream) => void = () => undefined;
    const stream = new Promise<PeopleStream>((resolve) => (begun = resolve));
    const delivery = this.#pipes === undefined ? 'whole' : 'streamed';
    const { work, stopped } = this.#begin(sql, options, delivery, (admission) =>
      runStreamed(this.store, this.#pipes, admission, begun),
    );
    return Promise.race([stream, work.then(() => stream), stopped]);
  }

  /** Stops what runs, refuses what waits, and returns when the engine has let go of everything. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#queries.keys()) stop.abort(closed());
    await Promise.allSettled(this.#queries.values());
    await this.#pipes?.close();
  }

  /** @returns the work, which ends when the engine has let go of it, and a rejection for the caller who need not wait */
  #begin<T>(
    sql: string,
    options: PeopleQueryOptions,
    delivery: Delivery,
    run: (admission: Admission) => Promise<T>,
  ): { work: Promise<T>; stopped: Promise<never> } {
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
    const work = this.#inTurn(sql, options, delivery, stop, run);
    this.#queries.set(stop, work);
    const forget = () => {
      this.#queries.delete(stop);
      options.signal?.removeEventListener('abort', onAbort);
    };
    work.then(forget, forget);
    return { work, stopped };
  }

  async #inTurn<T>(
    sql: string,
    options: PeopleQueryOptions,
    delivery: Delivery,
    stop: AbortController,
    run: (admission: Admission) => Promise<T>,
  ): Promise<T> {
    const bytes = Buffer.byteLength(sql);
    if (bytes > this.limits.textBytesMax) {
      const message = `the text has ${bytes} bytes, at most ${this.limits.textBytesMax} are allowed`;
      throw new PeopleSqlError('text-too-long', message);
    }
    const seconds = this.#executionSeconds(options);
    const settings = withAskedSettings(
      sessionSettings(this.limits, seconds, delivery),
      options.settings ?? {},
    );
    await this.#turns.begin(stop.signal);
    const deadline = setTimeout(
      () => {
        stop.abort(new PeopleSqlError('limit-exceeded', `the query ran longer than ${seconds} s`));
      },
      seconds * 1000 + GRACE_MS,
    );
    try {
      return await this.#inSession(sql, options, settings, stop, run);
    } finally {
      clearTimeout(deadline);
      this.#turns.end();
    }
  }

  /** A session of its own for each query: none finds anything of another, and they run side by side. */
  async #inSession<T>(
    sql: string,
    options: PeopleQueryOptions,
    settings: Readonly<Record<string, string | number>>,
    stop: AbortController,
    run: (admission: Admission) => Promise<T>,
  ): Promise<T> {
    const catalogue = await this.tables();
    const session = this.store.openReadOnlySession(settings);
    try {
      const params = {
        values: new Map(Object.entries(options.params ?? {})),
        escaped: options.paramsEscaped ?? false,
      };
      const admitted = await admit(session, sql, params, catalogue);
      const format = admitted.format ?? options.format ?? 'TabSeparated';
      if (!catalogue.allowsFormat(format)) {
        throw new PeopleSqlError('format-refused', refuseFormat(format).message);
      }
      stop.signal.throwIfAborted();
      return await run({ ...admitted, session, format, stop });
    } finally {
      session.close();
    }
  }

  #executionSeconds({ executionSeconds = Infinity, settings }: PeopleQueryOptions): number {
    const asked = Math.min(
      ...[executionSeconds, Number(settings?.['max_execution_time'] ?? 0)].filter(isLimit),
    );
    return Math.min(asked, this.limits.executionSecondsMax);
  }
}

function isLimit(seconds: number): boolean {
  return seconds > 0;
}

function closed(): PeopleSqlError {
  return new PeopleSqlError('closed', 'the door for queries written by people is closed');
}
