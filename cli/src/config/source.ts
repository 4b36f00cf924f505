import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { EXIT, Failure } from '../failure.js';

/** A configuration is a page, not a book. */
const FILE_BYTES_MAX = 262_144;

/** The configuration's text, for messages to point into. */
export interface Source {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** @throws Failure where the file can't be read or is no YAML of keys and values */
export function readSource(file: string): Source {
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

/** @param what it is for, as a message names it */
export function readText(file: string, what: string): string {
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

/** Where a key stands: `halfopen.yaml:3:7`. */
export function place(source: Source | undefined, path: readonly string[]): string {
  if (source === undefined) return 'configuration:';
  const node: unknown = source.document.getIn(path, true);
  const range =
    typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
      ? (node.range as number[])
      : undefined;
  const { line, col } = source.lines.linePos(range?.[0] ?? 0);
  return `${source.file}:${line}:${col}`;
}

export function valueAt(source: Source | undefined, path: readonly string[]): unknown {
  return source?.document.getIn(path);
}
