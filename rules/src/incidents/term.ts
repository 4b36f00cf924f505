import { setTimeout as sleep } from 'node:timers/promises';
import { clickhouseTime, type Store } from '@halfopen/store';

/** The right to judge, of several processes: whoever began the last one has it. */
export interface Term {
  readonly number: number;
  readonly holder: string;
}

/** Another process judges by now. What was written under the term before that counts, nothing since. */
export class DeposedError extends Error {
  override readonly name = 'DeposedError';
}

/** A statement under a term that has not ended by then is ended by the engine. */
export const STATEMENT_SECONDS_MAX = 2;
/** What began before us under an earlier term has ended then, or never will. */
const SETTLING_MS = 2_500;

/**
 * Takes office. The insert's token is the term's number: of two processes that take the same one, one has it. Returns when
 * nothing of a former holder can still be written, so that what is read then is all there will be of it.
 *
 * @param holder names the process; no two may share it
 * @throws StoreError
 */
export async function beginTerm(store: Store, holder: string, now_ms: number): Promise<Term> {
  for (;;) {
    const number = (await lastTerm(store)) + 1;
    await store.command(
      `INSERT INTO rules_terms (term, holder, began_at)
       SETTINGS insert_deduplication_token = 'term-${number}', deduplicate_insert_select = 'enable_even_for_bad_queries'
       SELECT {term:UInt64}, {holder:String}, {at:DateTime64(3)}`,
      { params: { term: number, holder, at: clickhouseTime(now_ms) } },
    );
    const [began] = await store.query<{ holder: string }>(
      'SELECT holder FROM rules_terms WHERE term = {term:UInt64}',
      { params: { term: number } },
    );
    if (began?.holder !== holder) continue;
    await sleep(SETTLING_MS);
    return { number, holder };
  }
}

/** @throws DeposedError, StoreError */
export async function assertInOffice(store: Store, term: Term): Promise<void> {
  const last = await lastTerm(store);
  if (last !== term.number)
    throw new DeposedError(`term ${term.number} is over: another process has begun term ${last}`);
}

async function lastTerm(store: Store): Promise<number> {
  const [last] = await store.query<{ term: number }>(
    'SELECT toUInt32(max(t.term)) AS term FROM rules_terms AS t',
  );
  return last?.term ?? 0;
}
