/**
 * Settings as a clause of the statement itself: chdb's connection turns the client's `clickhouse_settings` into SET
 * statements, which stay in force for whatever the session runs next.
 */
export function settingsClause(settings: Readonly<Record<string, string | number>> = {}): string {
  const assignments = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}`);
  return assignments.length === 0 ? '' : ` SETTINGS ${assignments.join(', ')}`;
}

/** A literal of ClickHouse's SQL. */
export function quoted(value: string | number): string {
  if (typeof value === 'number') return String(value);
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

/** `2026-10-01 12:03:10.000`, UTC, as the engine takes a DateTime64(3). */
export function clickhouseTime(instant_ms: number): string {
  return new Date(instant_ms).toISOString().replace('T', ' ').replace('Z', '');
}

/**
 * Values written into the text, each cast to the type that its `{name:Type}` asks for.
 *
 * @param params as for the bound statement; one that is absent leaves its placeholder as it is
 */
export function withLiterals(sql: string, params: Readonly<Record<string, unknown>>): string {
  return sql.replace(/\{(\w+):([^{}]+)\}/g, (placeholder, name: string, type: string) =>
    Object.hasOwn(params, name) ? `_CAST(${literal(params[name])}, ${quoted(type)})` : placeholder,
  );
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  if (typeof value === 'string') return quoted(value);
  throw new TypeError(`a value of type ${typeof value} has no literal`);
}
