import { WireError } from '@halfopen/otlp';
import type { InsertOptions, Store } from '@halfopen/store';
import {
  rangeToken,
  type DeadLetter,
  type DeadLetterOffice,
  type RangeConsumer,
  type RecordRange,
  type StreamRecord,
} from '@halfopen/stream';
import { deadLetterBatch, deadLetterOf, type MessageError } from './dead-letters.js';
import { dropResent, ledgerBatch, type LedgerEntry } from './ledger.js';
import { OTEL_TRACES_COLUMNS } from './transcode/columns.js';
import { RowLimitError, RowWriter } from './transcode/row-writer.js';
import { transcode } from './transcode/transcode.js';

/** What became of a range. */
export interface RangeOutcome {
  readonly records: number;
  readonly bytes: number;
  /** Records dropped because their bytes had been stored before. */
  readonly resent: number;
  readonly spans: number;
  readonly deadLetters: number;
  /** Dead letters that could not be kept whole. */
  readonly deadLettersCut: number;
}

interface Unreadable {
  readonly record: StreamRecord;
  readonly error: MessageError;
}

/** Stores ranges of a stream, one at a time. */
export class RangeStorage {
  /**
   * @param office keeps what can't be stored as spans
   * @param writer its bound is that of one insert into `otel_traces`
   * @param insertWithinMs how long behind the intention an insert may still begin: within it, the engine's memory of tokens
   * must last. Undefined where nobody else could have taken the range over
   */
  constructor(
    private readonly store: Store,
    private readonly consumer: RangeConsumer,
    private readonly office: DeadLetterOffice,
    private readonly writer = new RowWriter(),
    private readonly insertWithinMs?: number,
  ) {}

  /**
   * Stores the range exactly once, however often this is tried, by this process or the next: every step can be
   * repeated. The inserts carry tokens made of the range's name, so the engine drops what has landed; the same records
   * give the same blocks, since what is dropped here depends on other ranges only.
   */
  async put(range: RecordRange): Promise<RangeOutcome> {
    const token = rangeToken(range);
    const records = await dropResent(range.records, token, this.store);
    // Counts from before the intention, which proves that the range is still ours: early rather than late.
    const options = await this.#deadline();
    await this.consumer.intend(range);
    const { entries, unreadable } = await this.#insertSpans(records, token, options);
    const letters = unreadable.map(({ record, error }) => deadLetterOf(range, record, error));
    const cut = await this.#putAside(letters, token, options);
    // Behind the rows: what the ledger names is stored. Before the next intention: a resend in there finds it.
    if (entries.length > 0) await this.store.insert(ledgerBatch(entries, token), `${token}-ledger`, options);
    await this.consumer.commit(range);
    return {
      records: range.records.length,
      bytes: range.records.reduce((sum, { value }) => sum + value.length, 0),
      resent: range.records.length - records.length,
      spans: entries.reduce((sum, { spans }) => sum + spans, 0),
      deadLetters: letters.length,
      deadLettersCut: cut,
    };
  }

  /** Whole first: what the table tells of, the office has. @returns how many are cut */
  async #putAside(letters: readonly DeadLetter[], token: string, options: InsertOptions): Promise<number> {
    if (letters.length === 0) return 0;
    const cut = await this.office.keep(letters);
    await this.store.insert(deadLetterBatch(letters), `${token}-dead`, options);
    return cut;
  }

  /**
   * One insert, unless the rows outgrow the writer (spans repeat their resource, so few bytes can ask for many rows):
   * then the block ends before the message that does not fit, a place that depends on nothing but the messages.
   *
   * @returns an entry per record (unreadable ones too: their resend is dropped as well), and those that are unreadable
   */
  async #insertSpans(
    records: readonly StreamRecord[],
    token: string,
    options: InsertOptions,
  ): Promise<{ readonly entries: LedgerEntry[]; readonly unreadable: Unreadable[] }> {
    const entries: LedgerEntry[] = [];
    const unreadable: Unreadable[] = [];
    let rows = 0;
    let blocks = 0;
    this.writer.clear();
    for (const record of records) {
      let outcome = this.#writeRows(record);
      if (outcome instanceof RowLimitError && rows > 0) {
        await this.#insertBlock(rows, blocks++, token, options);
        rows = 0;
        outcome = this.#writeRows(record);
      }
      const spans = typeof outcome === 'number' ? outcome : 0;
      if (typeof outcome !== 'number') unreadable.push({ record, error: outcome });
      entries.push({ record, spans });
      rows += spans;
    }
    if (rows > 0) await this.#insertBlock(rows, blocks, token, options);
    return { entries, unreadable };
  }

  async #insertBlock(rows: number, index: number, token: string, options: InsertOptions): Promise<void> {
    const batch = { table: 'otel_traces', columns: OTEL_TRACES_COLUMNS, chunks: [this.writer.rows()], rows };
    await this.store.insert(batch, index === 0 ? token : `${token}-block${index}`, options);
    this.writer.clear();
  }

  /** By the engine's own clock. */
  async #deadline(): Promise<InsertOptions> {
    if (this.insertWithinMs === undefined) return {};
    const [clock] = await this.store.query<{ now: number }>(
      'SELECT toFloat64(toUnixTimestamp64Milli(now64(3))) AS now',
    );
    return clock === undefined ? {} : { deadline_ms: clock.now + this.insertWithinMs };
  }

  /**
   * How many rows the message made, or what is wrong with it.
   *
   * @throws any other error: the fault is then ours, the message is kept and storing is tried again
   */
  #writeRows(record: StreamRecord): number | MessageError {
    try {
      return transcode(record.value, Math.floor(record.appendedAtMs / 1000), this.writer);
    } catch (error) {
      if (error instanceof WireError || error instanceof RowLimitError) return error;
      throw error;
    }
  }
}
