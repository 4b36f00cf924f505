import { clickhouseTime, PeopleSqlError, quoted, type PeopleSql } from '@halfopen/store';
import type { Fact } from '@halfopen/telemetry';

/** What a rule's SQL may cost. Whoever needs more asks for less: rules are evaluated every few seconds. */
export const RULE_SQL_LIMITS = {
  executionSecondsMax: 5,
  memoryBytesMax: 512 * 2 ** 20,
  resultRowsMax: 10_000,
  resultBytesMax: 16 * 2 ** 20,
  concurrentMax: 2,
} as const;

/** A channel that a rule's SQL returned. */
export interface SqlRow {
  /** Its column `since`, ms since the epoch. */
  readonly since_ms?: number;
  /** Its other columns, as text. */
  readonly values: readonly (readonly [column: string, value: string])[];
}

/** By channel; undefined where the engine gave no answer: that denies nothing. */
export type SqlAnswer = ReadonlyMap<string, SqlRow> | undefined;

/** What is wrong with a rule's SQL, for whoever wrote it. */
export class RuleSqlError extends Error {
  override readonly name = 'RuleSqlError';
}

export interface SqlStatus {
  readonly failures: number;
  readonly lastError?: string;
  readonly lastDurationMs?: number;
}

const FORMAT = 'JSONCompactEachRowWithNamesAndTypes';
const AT = /\{\s*at\s*:\s*DateTime64\s*\(\s*\d\s*\)\s*\}/g;

/** With those the same telemetry gives another answer at each look. */
const UNREPEATABLE =
  /\b(now|now64|nowInBlock|nowInBlock64|today|yesterday|curdate|current_date|current_timestamp|utc_?timestamp|rand\w*|random\w+|generate\w+|fuzzBits)\s*\(|\b(current_date|current_timestamp)\b/i;

/** After so many failures in a row the rule rests, twice as long each time, of event time. */
const FAILURES_FREE = 1;
const REST_MS = 10_000;
const REST_MS_MAX = 300_000;

/** Of one value in a fact. */
const VALUE_CHARS_MAX = 200;

export function isSql(text: string): boolean {
  return /^(?:select|with)\b/i.test(withoutLiterals(text).trim());
}

/** A rule's SQL: the channels that it returns are those on which the rule fires. */
export class SqlExpression {
  readonly kind = 'sql';
  #status: SqlStatus = { failures: 0 };
  #restUntil_ms = -Infinity;

  /**
   * @param people the door for SQL that people write, bounded by {@link RULE_SQL_LIMITS}
   * @throws RuleSqlError where the text cannot be a rule, whatever is stored
   */
  constructor(
    private readonly text: string,
    private readonly people: PeopleSql,
  ) {
    const bare = withoutLiterals(text);
    const unrepeatable = UNREPEATABLE.exec(bare);
    if (unrepeatable !== null)
      throw new RuleSqlError(
        `${unrepeatable[1] ?? unrepeatable[2] ?? ''} gives another answer at each look: use {at:DateTime64(9)}, the instant that is judged`,
      );
    if (bare.match(AT) === null)
      throw new RuleSqlError(
        'the SQL does not say when: bound what it reads by {at:DateTime64(9)}, the instant that is judged, as in seen_at <= {at:DateTime64(9)} AND seen_at > {at:DateTime64(9)} - INTERVAL 5 MINUTE',
      );
  }

  /** @throws RuleSqlError why it can't be a rule: what the gate or the engine says, or a column that is missing */
  async tryOut(instant_ms: number): Promise<void> {
    await this.#ask(instant_ms);
  }

  async answer(instant_ms: number): Promise<SqlAnswer> {
    if (instant_ms < this.#restUntil_ms) return undefined;
    const began_ms = performance.now();
    try {
      const rows = await this.#ask(instant_ms);
      this.#status = { failures: 0, lastDurationMs: performance.now() - began_ms };
      return rows;
    } catch (error) {
      const failures = this.#status.failures + 1;
      const lastError = error instanceof Error ? error.message : String(error);
      this.#status = { failures, lastError, lastDurationMs: performance.now() - began_ms };
      if (failures > FAILURES_FREE)
        this.#restUntil_ms =
          instant_ms + Math.min(REST_MS_MAX, REST_MS * 2 ** (failures - FAILURES_FREE - 1));
      return undefined;
    }
  }

  status(): SqlStatus {
    return this.#status;
  }

  /** The channel's row, as a fact whose query shows it. */
  fact(rule: string, channel: string, instant_ms: number, { values }: SqlRow): Fact {
    const at = `toDateTime64('${clickhouseTime(instant_ms)}', 9, 'UTC')`;
    const said = values.map(([column, value]) => `${column} ${clipped(value)}`).join(', ');
    return {
      id: rule,
      statement:
        said === '' ? `the rule's own query returns the channel` : `by the rule's own query: ${said}`,
      observed: true,
      sql: `SELECT * FROM (${this.text.trim().replace(/;$/, '').replaceAll(AT, at)}\n) WHERE channel_id = ${quoted(channel)}`,
    };
  }

  async #ask(instant_ms: number): Promise<ReadonlyMap<string, SqlRow>> {
    try {
      const { bytes, format } = await this.people.query(this.text, {
        params: { at: clickhouseTime(instant_ms) },
        format: FORMAT,
        settings: { date_time_output_format: 'iso' },
      });
      if (format !== FORMAT) throw new RuleSqlError('leave the FORMAT clause out');
      return rowsOf(Buffer.from(bytes).toString('utf8'));
    } catch (error) {
      if (error instanceof PeopleSqlError) throw new RuleSqlError(error.message, { cause: error });
      throw error;
    }
  }
}

function rowsOf(text: string): Map<string, SqlRow> {
  const [names = [], types = [], ...rows] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown[]);
  const channelAt = names.indexOf('channel_id');
  const sinceAt = names.indexOf('since');
  if (channelAt < 0 || !String(types[channelAt]).includes('String'))
    throw new RuleSqlError(
      `a rule's SQL returns the channels on which it fires in a column channel_id of type String; this returns ${names.map((name, index) => `${String(name)} ${String(types[index])}`).join(', ')}`,
    );
  if (sinceAt >= 0 && !String(types[sinceAt]).includes('DateTime'))
    throw new RuleSqlError(
      `the column since is the onset, a DateTime64, not ${String(types[sinceAt])}: give another name to what is not`,
    );
  const others = names.flatMap((name, index) =>
    index === channelAt || index === sinceAt ? [] : [[String(name), index] as const],
  );
  const found = new Map<string, SqlRow>();
  for (const row of rows) {
    const channel = row[channelAt];
    if (typeof channel !== 'string' || channel === '') continue;
    const since_ms = sinceAt < 0 ? NaN : Date.parse(String(row[sinceAt]));
    const values = others.map(([name, index]) => [name, textOf(row[index])] as const);
    if (!found.has(channel)) found.set(channel, { ...(since_ms > 0 ? { since_ms } : {}), values });
  }
  return found;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function clipped(value: string): string {
  return value.length > VALUE_CHARS_MAX ? `${value.slice(0, VALUE_CHARS_MAX)}...` : value;
}

/** Without comments, and with what is quoted left empty: what is left is SQL's own words and names. */
function withoutLiterals(sql: string): string {
  return sql.replaceAll(
    /--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S])*"|`(?:[^`\\]|\\[\s\S])*`/g,
    (part) => (/^['"`]/.test(part) ? part.slice(0, 1).repeat(2) : ' '),
  );
}
