/** A result in the engine's JSONCompactStringsEachRowWithNamesAndTypes: names, types, then a row a line. */
export interface Result {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows that there were. */
  readonly total: number;
}

/** More would not be read, and would fill the browser. */
export const ROWS_MAX = 50_000;

export function resultOf(text: string): Result {
  const lines = text.split('\n').filter((line) => line !== '');
  const [names = [], types = [], ...rows] = lines
    .slice(0, ROWS_MAX + 2)
    .map((line) => JSON.parse(line) as string[]);
  return { names, types, rows, total: Math.max(0, lines.length - 2) };
}

export function isNumber(type: string): boolean {
  return /^(Nullable\()?(LowCardinality\()?(U?Int|Float|Decimal)/.test(type);
}
