import {
  ATTRIBUTES,
  type Attribute,
  CAUSE_NAMES,
  RESOURCE_ATTRIBUTES,
  RULES,
  SPAN_NAMES,
} from '../src/index.js';

/** A row of a table: its cells by the headers of their columns. */
type Row = Readonly<Record<string, string>>;

/** What of a name's row must agree, as text, by the kind of name: the header of the table's first column. */
const SIGNATURES: Readonly<Record<string, (row: Row) => string>> = {
  span: () => '',
  attribute: (row) => signature(row['type'] ?? '', onPage(row['on']), onPage(row['values'])),
  'resource attribute': () => '',
  rule: (row) => `${row['severity'] ?? ''}, pages: ${row['pages'] ?? ''}`,
  cause: () => '',
};

/**
 * Holds the tables of docs/contract.md against the code. Returns a line for each name that only one of them has, that
 * the page has twice, or that they describe differently; none if they agree.
 */
export function differences(page: string): string[] {
  const code = namesInCode();
  const seen = new Set<string>();
  const found: string[] = [];
  for (const [name, said] of namesOnPage(page)) {
    const meant = code.get(name);
    if (seen.has(name)) found.push(`${name}: twice on the page`);
    else if (meant === undefined) found.push(`${name}: on the page, not in the code`);
    else if (meant !== said) found.push(`${name}: page says "${said}", code says "${meant}"`);
    seen.add(name);
  }
  for (const name of code.keys()) if (!seen.has(name)) found.push(`${name}: in the code, not on the page`);
  return found;
}

function namesInCode(): Map<string, string> {
  return new Map([
    ...SPAN_NAMES.map((name) => [`span ${name}`, ''] as const),
    ...Object.entries(ATTRIBUTES).map(([name, a]) => [`attribute ${name}`, attributeInCode(a)] as const),
    ...Object.keys(RESOURCE_ATTRIBUTES).map((name) => [`resource attribute ${name}`, ''] as const),
    ...Object.entries(RULES).map(
      ([name, rule]) => [`rule ${name}`, `${rule.severity}, pages: ${rule.pages ? 'yes' : 'no'}`] as const,
    ),
    ...CAUSE_NAMES.map((name) => [`cause ${name}`, ''] as const),
  ]);
}

function attributeInCode(a: Attribute): string {
  const type = [a.type, a.unit, a.required && 'required'].filter(Boolean).join(', ');
  return signature(type, a.spans, [...(a.values ?? []), ...(a.open ? ['your own'] : [])]);
}

function signature(type: string, spans: readonly string[], values: readonly string[]): string {
  return `${type}; on ${spans.join(' ')}; values ${values.join(' ')}`;
}

/** The items of a cell; `frame.*` stands for all spans that begin so. */
function onPage(cell = ''): string[] {
  return cell
    .split(', ')
    .map((item) => item.replaceAll('`', ''))
    .flatMap((item) =>
      item.endsWith('.*') ? SPAN_NAMES.filter((n) => n.startsWith(item.slice(0, -1))) : item,
    );
}

function* namesOnPage(page: string): Generator<[name: string, said: string]> {
  let headers: string[] = [];
  for (const line of page.split('\n')) {
    if (!line.startsWith('|')) headers = [];
    else if (headers.length === 0) headers = cells(line);
    else if (!line.startsWith('|---')) {
      const row: Row = Object.fromEntries(cells(line).map((cell, i) => [headers[i] ?? '', cell]));
      const kind = headers[0] ?? '';
      const said = SIGNATURES[kind]?.(row);
      if (said !== undefined) yield [`${kind} ${onPage(row[kind]).join()}`, said];
    }
  }
}

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
