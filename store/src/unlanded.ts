import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The engine notes a block's token in the table's deduplication log, and renames the part that holds its rows into place
 * behind that (MergeTreeSink::commitPart). A process that is killed in between leaves a token whose rows are not there: the
 * next insert under it would be dropped as known, and the rows with it (ADR 0022).
 *
 * Takes such tokens back, before the engine opens its directory. Both steps are taken under the table's lock, so no more
 * than the last record of a log can be one.
 *
 * @param enginePath the engine's directory; no process may have it open
 * @returns the parts whose tokens were taken back
 */
export async function takeBackUnlanded(enginePath: string): Promise<string[]> {
  const tables = await Promise.all(
    (await directoriesOf(join(enginePath, 'store'))).map((prefix) => directoriesOf(prefix)),
  );
  const taken: string[] = [];
  for (const table of tables.flat()) {
    const last = await lastRecord(join(table, LOGS));
    if (last?.operation !== ADD || (await hasLanded(table, last.part))) continue;
    await appendFile(last.file, `${DROP}\t${last.part}\t${last.block}\n`);
    taken.push(last.part);
  }
  return taken;
}

/** Records of the engine's log (MergeTreeDeduplicationLog.cpp): operation, part, block, separated by tabs. */
const LOGS = 'deduplication_logs';
const ADD = '1';
const DROP = '2';

interface LogRecord {
  readonly file: string;
  readonly operation: string;
  readonly part: string;
  readonly block: string;
}

async function lastRecord(folder: string): Promise<LogRecord | undefined> {
  const names = await filesOf(folder);
  const number = (name: string): number => Number(/_(\d+)\.txt$/.exec(name)?.[1] ?? -1);
  // The newest is empty when it has just been begun.
  for (const name of names.sort((a, b) => number(b) - number(a))) {
    const file = join(folder, name);
    const [operation, part, block] =
      (await readFile(file, 'utf8')).trimEnd().split('\n').at(-1)?.split('\t') ?? [];
    if (operation !== undefined && part !== undefined && block !== undefined)
      return { file, operation, part, block };
  }
  return undefined;
}

/** Its blocks are in a part that is in place, be it by merging. */
async function hasLanded(table: string, part: string): Promise<boolean> {
  const wanted = blocksOf(part);
  if (wanted === undefined) return true; // a name that we do not understand is none of our business
  return (await directoriesOf(table)).some((path) => {
    const held = blocksOf(path.slice(table.length + 1));
    return held?.partition === wanted.partition && held.from <= wanted.from && wanted.to <= held.to;
  });
}

/** `202611_4_7_1`: partition, first and last block, level, and the mutation if there was one. */
function blocksOf(part: string): { partition: string; from: number; to: number } | undefined {
  const [, partition, from, to] = /^([^_]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/.exec(part) ?? [];
  return partition === undefined ? undefined : { partition, from: Number(from), to: Number(to) };
}

async function directoriesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(whereAbsent);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(whereAbsent);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** Before the first start there is nothing. */
function whereAbsent(error: unknown): [] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw error;
}
