/**
 * What becomes of a panel's query before the engine sees it, as Grafana 12 and its ClickHouse data source 4.14 do it:
 * first `$__conditionalAll` and the variables, in the browser, then the macros, in the plugin. Only what our dashboards
 * may use is here; anything else that looks like a macro is an error.
 */
export interface Page {
  readonly fromMs: number;
  readonly toMs: number;
  /** `$__interval` of a panel, s. */
  readonly interval_s: number;
  /** Values by name; a variable with several is a list, and `ALL` is the choice of everything. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
}

export const ALL = '$__all';

export function expand(sql: string, page: Page): string {
  const expanded = expandMacros(replaceVariables(applyConditionalAll(sql, page), page), page);
  const left = /\$(__)?\w+|\$\{/.exec(expanded);
  if (left !== null) throw new Error(`${left[0]} is no macro and no variable of the page`);
  return expanded;
}

/** The plugin's applyConditionalAll: from the last to the first; everything chosen, or nothing, gives `1=1`. */
function applyConditionalAll(sql: string, { variables }: Page): string {
  const macro = '$__conditionalAll(';
  let text = sql;
  for (let at = text.lastIndexOf(macro); at !== -1; at = text.lastIndexOf(macro)) {
    const { args, length } = argumentsOf(text.slice(at + macro.length - 1));
    const [phrase = '', variable = ''] = args;
    if (args.length !== 2) throw new Error('$__conditionalAll takes a phrase and a variable');
    const name = /(?<=\$\{)\w+(?=\})|(?<=\$)\w+/.exec(variable)?.[0] ?? '';
    const value = String(variables[name]);
    const kept = value === '' || value === ALL ? '1=1' : phrase;
    text = text.slice(0, at) + kept + text.slice(at + macro.length - 1 + length);
  }
  return text;
}

/** Grafana's `${name:sqlstring}`: quoted, quotes doubled, several joined by commas. Plain `$name` is not for SQL. */
function replaceVariables(sql: string, { variables }: Page): string {
  return sql.replace(/\$\{(\w+):sqlstring\}/g, (_whole, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`the page has no variable ${name}`);
    return [value]
      .flat()
      .map((text: string) => `'${text.replaceAll("'", "''")}'`)
      .join(',');
  });
}

type Macro = (args: readonly string[], page: Page) => string;

const seconds = (ms: number): string => `toDateTime(${Math.floor(ms / 1000)})`;
const only = ([column, ...more]: readonly string[]): string => {
  if (column === undefined || more.length > 0) throw new Error('expected one argument');
  return column;
};

const MACROS: Readonly<Record<string, Macro>> = {
  timeFilter: (args, { fromMs, toMs }) =>
    `${only(args)} >= ${seconds(fromMs)} AND ${only(args)} <= ${seconds(toMs)}`,
  timeInterval: (args, { interval_s }) =>
    `toStartOfInterval(toDateTime(${only(args)}), INTERVAL ${Math.max(1, interval_s)} second)`,
  fromTime: (_args, { fromMs }) => seconds(fromMs),
  toTime: (_args, { toMs }) => seconds(toMs),
  interval_s: (_args, { interval_s }) => String(Math.max(1, interval_s)),
};

/** The SDK's Interpolate: each macro with the brackets that follow it at once, if any. */
function expandMacros(sql: string, page: Page): string {
  let text = sql;
  for (const [name, macro] of Object.entries(MACROS)) {
    const pattern = new RegExp(`\\$__${name}\\b`);
    for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
      const after = found.index + found[0].length;
      const { args, length } = argumentsOf(text.slice(after));
      text = text.slice(0, found.index) + macro(args, page) + text.slice(after + length);
    }
  }
  return text;
}

/** The arguments of a bracket at the beginning of the text, trimmed, and how long it is; none without a bracket. */
function argumentsOf(text: string): { readonly args: readonly string[]; readonly length: number } {
  if (!text.startsWith('(')) return { args: [], length: 0 };
  const args: string[] = [];
  let depth = 0;
  let begin = 1;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '(') depth++;
    if (character === ')') depth--;
    if ((character === ',' && depth === 1) || depth === 0) {
      args.push(text.slice(begin, index).trim());
      begin = index + 1;
    }
    if (depth === 0) return { args, length: index + 1 };
  }
  throw new Error('a bracket is not closed');
}
