import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { record } from '@halfopen/lab';
import { explain } from '@halfopen/rules';
import { clickhouseTime } from '@halfopen/store';
import { CAUSE_NAMES, type CauseName } from '@halfopen/telemetry';
import { opened } from '../facts/stored.js';
import { fenced, read, ROOT } from './pages.js';
import { everyCause, RUNBOOK_CASES, simulated } from './runbook-cases.js';

/** Set, the runbooks' outputs are written anew instead of compared. Never in CI. */
const REWRITES = process.env['HALFOPEN_REWRITE_RUNBOOKS'] === '1' && process.env['CI'] === undefined;

/** A query of a runbook, with what it shows of the simulated fault. */
const BLOCK = /^```sql\n(?<sql>[\s\S]*?)\n```\n\n```text\n(?<output>[\s\S]*?)```$/gm;

const pageOf = (cause: CauseName): string => join('docs', 'runbooks', `${cause}.md`);

test('what the runbooks show of the simulated faults is what their queries answer', async (t) => {
  const { store, people, folder, load } = await opened(t);
  const file = join(folder, 'simulated.jsonl.gz');
  await record(everyCause(), file);
  await load(file);
  for (const cause of CAUSE_NAMES)
    await t.test(cause, async () => {
      const page = read(pageOf(cause));
      const { simulation, instant_ms } = simulated(cause);
      const answers = new Map<string, string>();
      for (const sql of fenced(page, 'sql')) answers.set(sql.trimEnd(), await answer(sql, instant_ms));
      if (REWRITES) writeFileSync(join(ROOT, pageOf(cause)), rewritten(page, answers));
      else assert.deepEqual(shown(page), answers);
      assert.ok(answers.size >= 2, 'two queries at least');

      const { hypotheses, facts } = await explain(store, 'agent-3', instant_ms);
      assert.equal(hypotheses[0]?.cause, RUNBOOK_CASES[cause].ranked ?? cause);
      const symptoms = facts.filter(({ observed }) => observed).map(({ id }) => id);
      assert.deepEqual(
        symptoms.filter((id) => !page.includes(`\`${id}\``)),
        [],
        'every symptom of the simulated fault is named',
      );
      const { faults, benign } = simulation.scenario;
      for (const { name } of [...faults, ...benign])
        assert.ok(page.includes(`fault \`${name}\``), `the page says that its outputs are those of ${name}`);
    });

  /** As a person gets it who puts an instant for `now()`. */
  async function answer(sql: string, instant_ms: number): Promise<string> {
    assert.doesNotMatch(sql, /["$`\\]/, 'it can stand between double quotes in a shell');
    const then = `toDateTime('${clickhouseTime(instant_ms).slice(0, 19)}')`;
    assert.ok(sql.includes('now()'), sql);
    const { bytes } = await people.query(sql.replaceAll('now()', then), { format: 'PrettyCompactMonoBlock' });
    assert.notEqual(bytes.length, 0, `no row answers:\n${sql}`);
    return Buffer.from(bytes).toString('utf8');
  }
});

function shown(page: string): Map<string, string> {
  return new Map(
    [...page.matchAll(BLOCK)].map(({ groups = {} }) => [groups['sql'] ?? '', groups['output'] ?? '']),
  );
}

function rewritten(page: string, answers: ReadonlyMap<string, string>): string {
  return page.replace(
    BLOCK,
    (_block, sql: string) => `\`\`\`sql\n${sql}\n\`\`\`\n\n\`\`\`text\n${answers.get(sql) ?? ''}\`\`\``,
  );
}
