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

/** Each `{name:Type}` replaced by its value as a literal of that type. `null` is NULL. */
export function bindParameters(canonical: string, values: ReadonlyMap<string, string | null>): string {
  return canonical.replace(QUOTED_OR_PARAMETER, (whole, name?: string, type?: string) => {
    const value = name === undefined ? undefined : values.get(name);
    if (value === undefined || type === undefined) return whole;
    return value === null ? `_CAST(NULL, ${quoted(type)})` : literal(value, type);
  });
}

/** The engine makes no Map of text, but a tuple that holds one. */
function literal(value: string, type: string): string {
  return type.startsWith('Map(')
    ? `tupleElement(_CAST(${quoted(`(${value})`)}, ${quoted(`Tuple(${type})`)}), 1)`
    : `_CAST(${quoted(value)}, ${quoted(type)})`;
}

/** Their text has brackets and quotes of its own, and escapes within those. */
const COMPOSITE_TYPE = /^(?:Array|Tuple|Map|Nested|Variant|JSON|Object|Point|Ring|Polygon)\b/;
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  0: '\0',
};

/** A value as ClickHouse's HTTP clients send it: escaped as in a field of TabSeparated, `\N` for NULL. */
export function unescapedValue(escaped: string, type: string): string | null {
  if (COMPOSITE_TYPE.test(type)) return escaped;
  if (escaped === '\\N') return null;
  return escaped.replace(/\\(.)/gs, (_whole, letter: string) => ESCAPES[letter] ?? letter);
}

const FORMAT_CLAUSE = / FORMAT (?:\w+|`\w+`)$/;

/** The statement without the FORMAT clause that it is known to end with; undefined if it does not. */
export function withoutFormatClause(canonical: string): string | undefined {
  const form = FORMAT_CLAUSE.exec(canonical);
  return form === null ? undefined : canonical.slice(0, form.index);
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
