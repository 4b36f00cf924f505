import { readFileSync } from 'node:fs';

const QUERIES_DIR = new URL('../../queries/', import.meta.url);
const NAME = /^-- name: (\w+)$/;

/**
 * The queries of `queries/<file>.sql`, by name: each begins with a line `-- name: ...` and goes to the next one. Comments
 * stay with their query, for whoever opens a panel's editor.
 */
export function readQueries(file: string): ReadonlyMap<string, string> {
  return splitQueries(readFileSync(new URL(`${file}.sql`, QUERIES_DIR), 'utf8'));
}

export function splitQueries(text: string): ReadonlyMap<string, string> {
  const queries = new Map<string, string[]>();
  let lines: string[] | undefined;
  for (const line of text.split('\n')) {
    const name = NAME.exec(line)?.[1];
    if (name === undefined) {
      lines?.push(line);
      continue;
    }
    if (queries.has(name)) throw new Error(`two queries are called ${name}`);
    lines = [];
    queries.set(name, lines);
  }
  return new Map([...queries].map(([name, body]) => [name, body.join('\n').trim()]));
}
