import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { EXIT, Failure } from '../failure.js';
import { configSchema, type Config } from './schema.js';

/** A configuration is a page, not a book. */
const FILE_BYTES_MAX = 262_144;

/** Values given on the command line; they win over the file. */
export interface Overrides {
  readonly data?: string;
  readonly collectorPort?: number;
  readonly apiPort?: number;
}

/**
 * Reads, validates and freezes the configuration; without a file it is all defaults.
 *
 * @throws Failure with exit code 2: file, line, key, what is wrong, a right value
 */
export function loadConfig(file: string | undefined, overrides: Overrides = {}): Config {
  const source = file === undefined ? undefined : parse(file);
  const parsed = configSchema.safeParse(source?.document.toJS() ?? {});
  if (!parsed.success)
    throw new Failure(parsed.error.issues.map((issue) => describe(issue, source)).join('\n'), EXIT.usage);
  const config = parsed.data;
  if (config.token !== undefined && config.tokenFile !== undefined) {
    throw new Failure(`${file ?? 'configuration'}: token and tokenFile: give one of the two`, EXIT.usage);
  }
  const merged: Config = {
    ...config,
    ...(config.tokenFile === undefined ? {} : { token: readToken(config.tokenFile) }),
    data: overrides.data ?? config.data,
    collector: { ...config.collector, port: overrides.collectorPort ?? config.collector.port },
    api: { ...config.api, port: overrides.apiPort ?? config.api.port },
  };
  assertReachableOnlyWithToken(merged, file);
  return deepFreeze(merged);
}

interface Source {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

function parse(file: string): Source {
  const text = readText(file, 'configuration');
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    maxAliasCount: 0,
    uniqueKeys: true,
  } as Parameters<typeof parseDocument>[1]);
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new Failure(
      `${file}:${line}:${col} is not YAML: ${error.message.split('\n')[0] ?? ''}`,
      EXIT.usage,
    );
  }
  if (document.contents !== null && !('items' in document.contents)) {
    throw new Failure(`${file}:1:1 expected keys and values, such as "data: ./halfopen-data"`, EXIT.usage);
  }
  return { file, document, lines };
}

function readText(file: string, what: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Failure(
      `${file}: the ${what} file can't be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      EXIT.usage,
      { cause },
    );
  }
  if (text.length > FILE_BYTES_MAX)
    throw new Failure(`${file}: the ${what} file is longer than ${FILE_BYTES_MAX} bytes`, EXIT.usage);
  return text;
}

function readToken(file: string): string {
  const token = readText(file, 'token').trim();
  if (token.length < 16)
    throw new Failure(`${file}: tokenFile must hold a secret of at least 16 characters`, EXIT.usage);
  return token;
}

function describe(issue: z.core.$ZodIssue, source: Source | undefined): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => [...path, key]);
    return keys
      .map(
        (key) => `${place(source, key)} ${key.join('.')}: unknown key; ${suggestion(path, key.at(-1) ?? '')}`,
      )
      .join('\n');
  }
  const example = exampleAt(path);
  // The value itself stays out of the message where it may be a secret.
  const got = path.includes('token') ? '' : `, got ${JSON.stringify(valueAt(source, path))}`;
  return `${place(source, path)} ${path.join('.') || 'configuration'}: ${issue.message.replace(/^Invalid input: /, '')}${got}; for example ${path.at(-1) ?? ''}: ${example}`;
}

function place(source: Source | undefined, path: readonly string[]): string {
  if (source === undefined) return 'configuration:';
  const node: unknown = source.document.getIn(path, true);
  const range =
    typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
      ? (node.range as number[])
      : undefined;
  const { line, col } = source.lines.linePos(range?.[0] ?? 0);
  return `${source.file}:${line}:${col}`;
}

function valueAt(source: Source | undefined, path: readonly string[]): unknown {
  return source?.document.getIn(path);
}

/** The schema of the object at a path, through the defaults that wrap it. */
function objectAt(path: readonly string[]): z.ZodObject | undefined {
  let schema: unknown = configSchema;
  for (const key of ['', ...path]) {
    while (
      schema instanceof z.ZodPrefault ||
      schema instanceof z.ZodDefault ||
      schema instanceof z.ZodOptional
    )
      schema = schema.unwrap();
    if (key !== '') schema = schema instanceof z.ZodObject ? schema.shape[key] : undefined;
  }
  while (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    schema = schema.unwrap();
  return schema instanceof z.ZodObject ? schema : undefined;
}

function exampleAt(path: readonly string[]): string {
  const parent = objectAt(path.slice(0, -1));
  const schema: unknown = parent?.shape[path.at(-1) ?? ''];
  const meta = schema instanceof z.ZodType ? schema.meta() : undefined;
  const example = meta?.['example'];
  if (typeof example === 'string') return example;
  const object = objectAt(path);
  return object === undefined ? '...' : `{ ${Object.keys(object.shape).slice(0, 2).join(': ..., ')}: ... }`;
}

function suggestion(parent: readonly string[], key: string): string {
  const known = Object.keys(objectAt(parent)?.shape ?? {});
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

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

function assertReachableOnlyWithToken(config: Config, file: string | undefined): void {
  for (const part of ['collector', 'api'] as const) {
    if (!LOOPBACK.has(config[part].host) && config.token === undefined) {
      const where = file ?? 'configuration';
      throw new Failure(
        `${where}: ${part}.host is ${config[part].host}, which others can reach: set token or tokenFile, or ${part}.host: 127.0.0.1`,
        EXIT.usage,
      );
    }
  }
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object);
  return Object.freeze(value);
}
