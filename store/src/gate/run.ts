import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { quoted } from '../sql-text.js';
import { ask, type Admitted } from './admit.js';
import { abortReason, PeopleSqlError } from './error.js';
import type { ResultPipe, ResultPipes } from './result-pipes.js';
import type { PeopleStore, ReadResult, ReadSession } from './session.js';

/** A statement that may run, in the session that is its own. */
export interface Admission extends Admitted {
  readonly session: ReadSession;
  readonly format: string;
  readonly stop: AbortController;
}

/** What the engine says of a result. */
export interface PeopleSummary {
  readonly resultRows: number;
  /** As the engine held them. */
  readonly resultBytes: number;
  readonly elapsedMs: number;
}

export interface PeopleAnswer extends PeopleSummary {
  /** The whole result in `format`. */
  readonly bytes: Uint8Array;
  readonly format: string;
}

export interface PeopleStream {
  readonly format: string;
  /**
   * The result as it comes, to be read at once and once. Where the query fails in its midst, it throws behind the bytes
   * that were made before. Who stops reading ends the query.
   *
   * @throws PeopleSqlError
   */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Resolves once the engine has written everything, rejects as `bytes` does. */
  readonly summary: Promise<PeopleSummary>;
}

/** A query that was killed before it began is not there to be killed: look again. */
const KILL_AGAIN_MS = 200;

export async function runWhole(store: PeopleStore, admission: Admission): Promise<PeopleAnswer> {
  const { format, text } = admission;
  const result = await untilEnded(store, admission, text, format);
  return { bytes: result.bytes(), format, ...summaryOf(result) };
}

/** @param begun is told before the first byte */
export async function runStreamed(
  store: PeopleStore,
  pipes: ResultPipes | undefined,
  admission: Admission,
  begun: (stream: PeopleStream) => void,
): Promise<void> {
  const { format, text, stop } = admission;
  if (!admission.isSelect || pipes === undefined) {
    const answer = await runWhole(store, admission);
    begun({ format, bytes: oneChunk(answer.bytes), summary: Promise.resolve(answer) });
    return;
  }
  const pipe = await pipes.open();
  if (stop.signal.aborted) {
    pipe.end();
    pipe.drain();
    throw abortReason(stop.signal);
  }
  stop.signal.addEventListener('abort', () => {
    pipe.drain(); // else the engine may wait for room, and does not see that it is killed
  });
  // The text has passed the gate, which lets no INTO OUTFILE through; this one is ours.
  const sql = `${text} INTO OUTFILE ${quoted(pipe.path)} TRUNCATE FORMAT ${format}`;
  const ended = untilEnded(store, admission, sql, 'Null');
  const summary = ended.then(summaryOf, (error: unknown) => {
    throw stop.signal.aborted ? abortReason(stop.signal) : error;
  });
  summary.catch(() => undefined); // not everybody asks
  begun({ format, bytes: bytesOf(pipe, summary, stop), summary });
  try {
    await ended;
  } finally {
    pipe.end();
  }
}

/** Of a statement whose answer is short. */
async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

async function* bytesOf(
  pipe: ResultPipe,
  summary: Promise<PeopleSummary>,
  stop: AbortController,
): AsyncGenerator<Uint8Array> {
  const unlessStopped = interruptible(stop.signal);
  let read = false;
  try {
    for (;;) {
      const { done, value } = await unlessStopped(pipe.chunks.next());
      if (done === true) break;
      yield value;
    }
    await unlessStopped(summary);
    read = true;
  } finally {
    if (!read) stop.abort(new PeopleSqlError('cancelled', 'nobody reads the result any more'));
    pipe.drain();
  }
}

/** Awaits one promise after another, none longer than until the signal. (A race would add to the signal's promise each time.) */
function interruptible(signal: AbortSignal): <T>(work: Promise<T>) => Promise<T> {
  let onAbort: () => void = () => undefined;
  signal.addEventListener('abort', () => {
    onAbort();
  });
  return (work) =>
    new Promise((resolve, reject) => {
      onAbort = () => {
        reject(abortReason(signal));
      };
      if (signal.aborted) onAbort();
      work.then(resolve, reject);
    });
}

/** Runs it; when the signal is aborted it is killed, and has ended all the same when this rejects. */
async function untilEnded(store: PeopleStore, { session, stop }: Admission, sql: string, format: string) {
  const mark = `/* people:${randomUUID()} */`;
  const answer = ask(session, `${mark} ${sql}`, format);
  const ended = answer.then(
    () => true,
    () => true,
  );
  let killed: Promise<void> | undefined;
  const onAbort = () => {
    killed = kill(store, mark, ended);
  };
  stop.signal.addEventListener('abort', onAbort);
  try {
    return await answer;
  } finally {
    stop.signal.removeEventListener('abort', onAbort);
    await killed;
  }
}

async function kill(store: PeopleStore, mark: string, ended: Promise<boolean>): Promise<void> {
  do await store.kill(mark);
  while (!(await Promise.race([ended, delay(KILL_AGAIN_MS, false)])));
}

/** chdb calls rows and bytes of the result `read`; what was read for it, it does not tell. */
function summaryOf(result: ReadResult): PeopleSummary {
  return {
    resultRows: result.rowsRead,
    resultBytes: result.bytesRead,
    elapsedMs: result.elapsed * 1000,
  };
}
