import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { FAULTS, record, simulate, type FaultName } from '@halfopen/lab';
import type { PeopleSql } from '@halfopen/store';
import { opened } from '../facts/stored.js';
import { sample } from '../halfopen.js';
import { read, ROOT } from './pages.js';

const PAGE = join('docs', 'sql-cookbook.md');

/** Set, the page's outputs are written anew instead of compared. Never in CI. */
const REWRITES = process.env['HALFOPEN_REWRITE_COOKBOOK'] === '1' && process.env['CI'] === undefined;

/** A question of the page. */
interface Recipe {
  readonly question: string;
  /** `recording healthy`, `simulated fault site-path-loss` */
  readonly dataSet: string;
  readonly sql: string;
  readonly output: string;
}

const RECIPE =
  /^## (?<question>[^\n]*\?)\n\n(?<reading>[^\n]+)\n\nOn the (?<kind>recording|simulated fault) `(?<name>[\w-]+)`:\n\n```sql\n(?<sql>[\s\S]*?)\n```\n\n```text\n(?<output>[\s\S]*?)```$/gm;

function recipes(page: string): Recipe[] {
  return [...page.matchAll(RECIPE)].map(({ groups = {} }) => ({
    question: groups['question'] ?? '',
    dataSet: `${groups['kind'] ?? ''} ${groups['name'] ?? ''}`,
    sql: groups['sql'] ?? '',
    output: groups['output'] ?? '',
  }));
}

const text = read(PAGE);
const RECIPES = recipes(text);

test('the page is questions, each read whole', () => {
  const headings = [...text.matchAll(/^## /gm)].length;
  assert.equal(RECIPES.length, headings);
  assert.ok(headings >= 12);
  assert.equal(new Set(RECIPES.map(({ question }) => question)).size, headings);
});

let rewritten = text;
for (const dataSet of new Set(RECIPES.map((recipe) => recipe.dataSet))) {
  test(`the answers with the ${dataSet} are as the page has them`, async (t) => {
    const people = await filled(t, dataSet);
    for (const recipe of RECIPES.filter((candidate) => candidate.dataSet === dataSet)) {
      const { bytes } = await people.query(recipe.sql, { format: 'PrettyCompactMonoBlock' });
      const output = Buffer.from(bytes).toString('utf8');
      assert.notEqual(output.trim(), '', `${recipe.question} has an answer`);
      if (REWRITES) rewritten = rewritten.replace(section(recipe), () => section({ ...recipe, output }));
      else assert.equal(output, recipe.output, recipe.question);
    }
    if (REWRITES) writeFileSync(join(ROOT, PAGE), rewritten);
  });
}

function section({ sql, output }: Recipe): string {
  return `\`\`\`sql\n${sql}\n\`\`\`\n\n\`\`\`text\n${output}\`\`\``;
}

/** The gate before a store that holds the data set. */
async function filled(t: TestContext, dataSet: string): Promise<PeopleSql> {
  const { people, load, folder } = await opened(t);
  const name = dataSet.split(' ').at(-1) ?? '';
  if (dataSet.startsWith('recording ')) {
    await load(sample(name));
    return people;
  }
  assert.ok(name in FAULTS, `the simulator has no fault ${name}`);
  const file = join(folder, 'simulated.jsonl.gz');
  await record(simulate({ seed: 1, channels: 12, faults: [{ name: name as FaultName }] }), file);
  await load(file);
  return people;
}
