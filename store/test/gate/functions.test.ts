import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { readCatalogue } from '../../src/gate/catalogue.js';
import { temporaryStore } from '../temporary-store.js';

const FILE = new URL('../../../src/gate/functions.txt', import.meta.url);

async function linesOfFile(): Promise<string[]> {
  return (await readFile(FILE, 'utf8')).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('each function that is allowed is one of the engine, or marked as syntax', async (t) => {
  const store = await temporaryStore(t);
  const rows = await store.query<{ name: string }>('SELECT name FROM system.functions');
  const engine = new Set(rows.map(({ name }) => name));
  const unknown = (await linesOfFile()).filter((line) => !engine.has(line));
  assert.deepEqual(unknown, ['exists *', 'grouping *', 'lambda *']);
});

test('the list is sorted and names none twice', async () => {
  const lines = await linesOfFile();
  assert.deepEqual(lines, [...new Set(lines)].sort());
});

test('an alias is allowed only if what it stands for is', async (t) => {
  const store = await temporaryStore(t);
  const allowed = new Set(await linesOfFile());
  const aliases = await store.query<{ name: string; alias_to: string }>(
    `SELECT name, alias_to FROM system.functions WHERE alias_to != '' AND NOT is_aggregate`,
  );
  const folded = new Set([...allowed].map((name) => name.toLowerCase()));
  const loose = aliases.filter(
    ({ name, alias_to: target }) => allowed.has(name) && !folded.has(target.toLowerCase()),
  );
  assert.deepEqual(loose, []);
});

test('no column of ours has the name of a function that is refused', async (t) => {
  const store = await temporaryStore(t);
  const catalogue = await readCatalogue(store);
  const columns = await store.query<{ name: string }>(
    `SELECT DISTINCT name FROM system.columns WHERE database = 'default'`,
  );
  assert.deepEqual(
    columns.filter(({ name }) => catalogue.isRefusedFunction(name)),
    [],
  );
});

test('names are found as the engine finds them: by case where it minds, combinators taken off', async (t) => {
  const catalogue = await readCatalogue(await temporaryStore(t));
  const allowed = [
    'count',
    'COUNT',
    'sumIf',
    'sumArrayIf',
    'countDistinct',
    'quantileIf',
    'lower',
    'LOWER',
    'sumMap',
  ];
  const refused = [
    'file',
    'FILE',
    'fileIf',
    'toString0',
    'TOSTRING',
    'aggThrow',
    'aggThrowIf',
    'toStringIf',
    '',
  ];
  assert.deepEqual(
    [...allowed, ...refused].filter((name) => catalogue.allowsFunction(name)),
    allowed,
  );
});
