import { quoted } from '../sql-text.js';

/**
 * Reading the one-line text that the engine's own formatter writes. It has no comments, quotes strings as '...' and
 * unusual names as `...`, and escapes both with backslashes.
 */
const QUOTED_OR_PARAMETER = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\{(\w+):([^{}]*)\}/gs;
const QUOTED = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/gs;
const COMMON_TABLE_EXPRESSION = /(?:\s|^)(`[^`]+`|\w+)(?: ?\([\w ,`]*\))? AS (?:MATERIALIZED )?\(/g;

export interface Parameter {
  readonly name: string;
  /** As written, `UInt64` or `Array(String)`. */
  readonly type: string;
}

export function parametersOf(canonical: string): Parameter[] {
  return [...canonical.matchAll(QUOTED_OR_PARAMETER)].flatMap(([, name, type]) =>
    name === undefined || type === undefined ? [] : [{ name, type }],
  );
}

/** Each `{name:Type}` replaced by its value as a literal of that type. */
export function bindParameters(canonical: string, values: ReadonlyMap<string, string>): string {
  return canonical.replace(QUOTED_OR_PARAMETER, (whole, name?: string, type?: string) => {
    const value = name === undefined ? undefined : values.get(name);
    return value === undefined || type === undefined ? whole : `_CAST(${quoted(value)}, ${quoted(type)})`;
  });
}

/** A name with a control character, quote or backslash in it: it could forge lines of the printed tree. */
export function unprintableName(canonical: string): string | undefined {
  const names = canonical.match(QUOTED)?.filter((quote) => quote.startsWith('`')) ?? [];
  return names.find((name) => name.includes('\\'));
}

/** Names that a WITH gives to subqueries. More may be found than are in scope, never fewer. */
export function commonTableExpressions(canonical: string): Set<string> {
  const withoutStrings = canonical.replace(QUOTED, (quote) => (quote.startsWith("'") ? "''" : quote));
  const names = [...withoutStrings.matchAll(COMMON_TABLE_EXPRESSION)].map(([, name = '']) => name);
  return new Set(names.map((name) => name.replaceAll('`', '')));
}
