import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { MistakeError } from './mistake-error.js';

/** People write pages, not books. */
const BYTES_MAX = 262_144;

/** Nobody nests so deep by hand. */
const DEPTH_MAX = 64;
const COLUMNS_MAX = 160;

/** A file's text as parsed, for messages to point into. */
export interface Source {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** Keys and indices that lead to a value. */
export type Path = readonly (string | number)[];

/**
 * @param what the file is for, as a message names it: `configuration`
 * @throws MistakeError where the file can't be read or is no YAML of keys and values
 */
export function readSource(file: string, what: string): Source {
  return parseSource(readText(file, what), file);
}

/**
 * @param file as messages name it
 * @throws MistakeError where the text is no YAML of keys and values
 */
export function parseSource(text: string, file: string): Source {
  const lines = new LineCounter();
  assertShallow(text, file);
  const document = parseDocument(text, {
    lineCounter: lines,
    maxAliasCount: 0,
    uniqueKeys: true,
  } as Parameters<typeof parseDocument>[1]);
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new MistakeError(`${file}:${line}:${col} is not YAML: ${error.message.split('\n')[0] ?? ''}`);
  }
  if (document.contents !== null && !('items' in document.contents))
    throw new MistakeError(`${file}:1:1 expected keys and values, such as "key: value"`);
  return { file, document, lines };
}

/**
 * @param what the file is for, as a message names it
 * @throws MistakeError where the file can't be read, or is too long
 */
export function readText(file: string, what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new MistakeError(
      `${file}: the ${what} file can't be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      { cause },
    );
  }
  if (bytes.length > BYTES_MAX)
    throw new MistakeError(`${file}: the ${what} file is longer than ${BYTES_MAX} bytes`);
  return bytes.toString('utf8');
}

/**
 * An upper bound of how deep the text nests, before the parser sees it: deep texts end its stack, or the process. Brackets
 * count; and in block style each level takes a column. Quoted text is not told apart: nobody has so many brackets in one.
 */
function assertShallow(text: string, file: string): void {
  let brackets = 0;
  for (const [index, line] of text.split('\n').entries()) {
    for (const character of line) {
      if (character === '[' || character === '{') brackets++;
      else if ((character === ']' || character === '}') && brackets > 0) brackets--;
      if (brackets > DEPTH_MAX) throw tooDeep(file, index + 1);
    }
    const columns = /^(?:[ \t]|[-?:](?=[ \t]|$))*/.exec(line)?.[0].length ?? 0;
    if (columns > COLUMNS_MAX) throw tooDeep(file, index + 1);
  }
}

function tooDeep(file: string, line: number): MistakeError {
  return new MistakeError(`${file}:${line}:1 is nested deeper than ${DEPTH_MAX} levels`);
}

/** Where a value stands: `halfopen.yaml:3:7`. Of what is not there, where it would stand in. */
export function place(source: Source | undefined, path: Path): string {
  if (source === undefined) return 'configuration:';
  const { line, col } = source.lines.linePos(rangeOf(source, path));
  return `${source.file}:${line}:${col}`;
}

/** Line of a value, from 1. */
export function lineOf(source: Source, path: Path): number {
  return source.lines.linePos(rangeOf(source, path)).line;
}

function rangeOf(source: Source, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = source.document.getIn(path.slice(0, length), true) as Node | undefined;
    if (typeof node === 'object' && Array.isArray(node.range)) return node.range[0];
  }
  return 0;
}

export function valueAt(source: Source | undefined, path: Path): unknown {
  return source?.document.getIn(path);
}
