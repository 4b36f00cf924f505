import { z } from 'zod';
import { configSchema } from './schema.js';
import { place, valueAt, type Source } from './source.js';

/** One mistake for a person: file, line, key, what is wrong, a right value. A secret is never repeated. */
export function describe(issue: z.core.$ZodIssue, source: Source | undefined): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => [...path, key]);
    return keys
      .map(
        (key) =>
          `${place(source, key)} ${key.join('.')}: unknown key; ${suggestion(source, path, key.at(-1) ?? '')}`,
      )
      .join('\n');
  }
  const { example, secret } = metaAt(source, path);
  const value = valueAt(source, path);
  const got =
    secret || value === undefined || typeof value === 'object' ? '' : `, got ${JSON.stringify(value)}`;
  return `${place(source, path)} ${path.join('.') || 'configuration'}: ${issue.message.replace(/^Invalid input: /, '')}${got}; for example ${path.at(-1) ?? ''}: ${example}`;
}

/** The schema at a path, through defaults, lists, and the choice that a `kind` makes. */
function schemaAt(source: Source | undefined, path: readonly string[]): unknown {
  let schema: unknown = configSchema;
  for (const [index, key] of path.entries()) {
    const inner = unwrapped(schema);
    const here =
      inner instanceof z.ZodDiscriminatedUnion ? chosen(source, path.slice(0, index), inner) : inner;
    if (here instanceof z.ZodObject) schema = (here.shape as Record<string, unknown>)[key];
    else if (here instanceof z.ZodArray) schema = here.element;
    else return undefined;
  }
  return schema instanceof z.ZodDiscriminatedUnion ? chosen(source, path, schema) : schema;
}

function unwrapped(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault || inner instanceof z.ZodOptional)
    inner = inner.unwrap();
  return inner;
}

function chosen(
  source: Source | undefined,
  path: readonly string[],
  union: z.ZodDiscriminatedUnion,
): unknown {
  const kind = valueAt(source, [...path, 'kind']);
  return (
    union.options.find((option) => {
      const literal =
        option instanceof z.ZodObject ? (option.shape as Record<string, unknown>)['kind'] : undefined;
      return literal instanceof z.ZodLiteral && literal.values.has(kind as string);
    }) ?? union.options[0]
  );
}

function metaAt(source: Source | undefined, path: readonly string[]): { example: string; secret: boolean } {
  const schema = schemaAt(source, path);
  const meta = schema instanceof z.ZodType ? schema.meta() : undefined;
  const secret = meta?.['secret'] === true;
  if (typeof meta?.['example'] === 'string') return { example: meta['example'], secret };
  const inner = unwrapped(schema);
  if (!(inner instanceof z.ZodObject)) return { example: '...', secret };
  return { example: `{ ${Object.keys(inner.shape).slice(0, 2).join(': ..., ')}: ... }`, secret };
}

function suggestion(source: Source | undefined, parent: readonly string[], key: string): string {
  const object = unwrapped(schemaAt(source, parent));
  const known = object instanceof z.ZodObject ? Object.keys(object.shape) : [];
  const near = known
    .map((name) => ({ name, distance: editDistance(name.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const list = `known are ${known.join(', ')}`;
  return near !== undefined && near.distance <= Math.max(2, key.length / 3)
    ? `did you mean ${near.name}? (${list})`
    : list;
}

/** Levenshtein's distance, two rows at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
