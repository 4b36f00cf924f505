import assert from 'node:assert/strict';

export type End = 'server' | 'agent';

/** A row as the engine gives it in JSON, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** A day long ago, in ms: a number above it is a moment, one below it a length of time. */
const MOMENT_MS_MIN = Date.UTC(2000);

/** The answer to a fact's query, read as a person would: by column, never by what the rules think of it. */
export class Rows {
  constructor(
    readonly rows: readonly Row[],
    /** The instant that stands in the query, ms since the epoch; undefined where there is none. */
    readonly at_ms: number | undefined,
  ) {}

  /** The rows of one end, or all where the query asks for one end alone. */
  of(end: End | 'relay'): Rows {
    const own = this.rows.filter((row) => row['channel_end'] === end);
    return new Rows(own, this.at_ms);
  }

  has(column: string): boolean {
    return this.rows.some((row) => column in row);
  }

  /** The one value of a column; null is unobserved, or that there is no row. */
  value(column: string): unknown {
    if (this.rows.length === 0) return null;
    assert.ok(this.has(column), `the query does not show ${column}`);
    const values = new Set(this.rows.map((row) => JSON.stringify(row[column])));
    assert.equal(values.size, 1, `the query shows ${column} as ${[...values].join(' and ')}`);
    return this.rows[0]?.[column];
  }

  number(column: string): number {
    const value = this.value(column);
    assert.equal(typeof value, 'number', `${column} is ${JSON.stringify(value)}`);
    return value as number;
  }

  numbers(column: string): readonly number[] {
    const value = this.value(column);
    assert.ok(Array.isArray(value), `${column} is ${JSON.stringify(value)}`);
    return value as number[];
  }

  /** A moment, ms since the epoch, whether the query shows it as a number or as a time; undefined where it is none. */
  moment_ms(column: string): number | undefined {
    const value = this.value(column);
    const moment_ms =
      typeof value === 'string' ? Date.parse(`${value.slice(0, 23).replace(' ', 'T')}Z`) : value;
    if (moment_ms === null || typeof moment_ms !== 'number' || moment_ms <= 0) return undefined;
    assert.ok(moment_ms > MOMENT_MS_MIN, `${column} is ${JSON.stringify(value)}, which is no moment`);
    return moment_ms;
  }

  /** Seconds from a moment of the row until the end's own present. */
  since_s(column: string): number {
    return ((this.moment_ms('now_ms') ?? NaN) - (this.moment_ms(column) ?? NaN)) / 1000;
  }
}

/** `12:03:10 UTC` */
export function clock(moment_ms: number | undefined): string {
  return moment_ms === undefined ? 'no moment' : `${new Date(moment_ms).toISOString().slice(11, 19)} UTC`;
}

/** `45 s`, `3 min` */
export function duration(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
