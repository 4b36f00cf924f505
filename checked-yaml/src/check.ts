import { z } from 'zod';
import { MistakeError } from './mistake-error.js';
import { place, valueAt, type Path, type Source } from './source.js';
import { suggestion } from './suggestion.js';

/**
 * What the schema makes of a file's values.
 *
 * @param source nothing is written down where it is absent: all defaults
 * @throws MistakeError of all mistakes: file, line, key, what is wrong, a right value. A secret is never repeated
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  source: Source | undefined,
): z.output<Schema> {
  const parsed = schema.safeParse(source?.document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  const about: Checked = { schema, source };
  throw new MistakeError(parsed.error.issues.map((issue) => describe(about, issue)).join('\n'));
}

interface Checked {
  readonly schema: z.ZodType;
  readonly source: Source | undefined;
}

function describe(about: Checked, issue: z.core.$ZodIssue): string {
  const { source } = about;
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => {
        const whole = [...path, key];
        return `${place(source, whole)} ${whole.join('.')}: unknown key; ${suggestion(keysAt(about, path), key)}`;
      })
      .join('\n');
  }
  const { example, secret } = metaAt(about, path);
  const value = valueAt(source, path);
  const got =
    secret || value === undefined || typeof value === 'object' ? '' : `, got ${JSON.stringify(value)}`;
  return `${place(source, path)} ${path.join('.') || 'configuration'}: ${issue.message.replace(/^Invalid input: /, '')}${got}; for example ${path.at(-1) ?? ''}: ${example}`;
}

/** The schema at a path, through defaults, lists, and the choice that a `kind` makes. */
function schemaAt({ schema, source }: Checked, path: Path): unknown {
  let here: unknown = schema;
  for (const [index, key] of path.entries()) {
    const inner = unwrapped(here);
    const object =
      inner instanceof z.ZodDiscriminatedUnion ? chosen(source, path.slice(0, index), inner) : inner;
    if (object instanceof z.ZodObject) here = (object.shape as Record<string, unknown>)[key];
    else if (object instanceof z.ZodArray) here = object.element;
    else if (object instanceof z.ZodRecord) here = object.valueType;
    else return undefined;
  }
  return here instanceof z.ZodDiscriminatedUnion ? chosen(source, path, here) : here;
}

function unwrapped(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault || inner instanceof z.ZodOptional)
    inner = inner.unwrap();
  return inner;
}

function chosen(source: Source | undefined, path: Path, union: z.ZodDiscriminatedUnion): unknown {
  const kind = valueAt(source, [...path, 'kind']);
  return (
    union.options.find((option) => {
      const literal =
        option instanceof z.ZodObject ? (option.shape as Record<string, unknown>)['kind'] : undefined;
      return literal instanceof z.ZodLiteral && literal.values.has(kind as string);
    }) ?? union.options[0]
  );
}

function metaAt(about: Checked, path: Path): { example: string; secret: boolean } {
  const schema = schemaAt(about, path);
  const meta = schema instanceof z.ZodType ? schema.meta() : undefined;
  const secret = meta?.['secret'] === true;
  if (typeof meta?.['example'] === 'string') return { example: meta['example'], secret };
  const inner = unwrapped(schema);
  if (!(inner instanceof z.ZodObject)) return { example: '...', secret };
  return { example: `{ ${Object.keys(inner.shape).slice(0, 2).join(': ..., ')}: ... }`, secret };
}

function keysAt(about: Checked, path: Path): string[] {
  const object = unwrapped(schemaAt(about, path));
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}
