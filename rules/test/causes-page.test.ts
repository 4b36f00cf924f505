import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import test from 'node:test';
import { CAUSE_NAMES, RULE_NAMES, type CauseName } from '@halfopen/telemetry';
import { builtInTable } from '../src/causes/table.js';
import { PROBE_IDS, type ProbeId } from '../src/probes/probes.js';

const DOCS = new URL('../../../docs/', import.meta.url);
const RUNBOOKS = new URL('runbooks/', DOCS);

const SECTIONS = [
  'What it means',
  'How it shows',
  'Confirm',
  'Mend now',
  'Keep it from coming back',
  'Look-alikes',
];

const causes = [...CAUSE_NAMES].sort();

test('every cause has its section in docs/causes.md, with a link to its runbook', async () => {
  const page = await readFile(new URL('causes.md', DOCS), 'utf8');
  const sections = [...page.matchAll(/^## (\S+)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm)];
  assert.deepEqual(sections.map(([, name]) => name).sort(), causes);
  for (const [, name = '', text = ''] of sections)
    assert.ok(text.includes(`[Runbook](runbooks/${name}.md)`), `${name} links to its runbook`);
});

test('every cause has a runbook, and no other has one', async () => {
  const files = await readdir(RUNBOOKS);
  assert.deepEqual(files.sort(), ['README.md', ...causes.map((cause) => `${cause}.md`)].sort());
  const contents = await readFile(new URL('README.md', RUNBOOKS), 'utf8');
  for (const cause of causes) assert.ok(contents.includes(`](${cause}.md)`), `${cause} is listed`);
});

for (const cause of causes) {
  test(`the runbook of ${cause} says what to do first, has every section, and names what exists`, async () => {
    const page = await readFile(new URL(`${cause}.md`, RUNBOOKS), 'utf8');
    assert.deepEqual(shortcomings(cause, page), []);
  });
}

test('a runbook that falls short is noticed', async () => {
  const page = await readFile(new URL('handler-dead.md', RUNBOOKS), 'utf8');
  const noticed = (spoilt: string, word: RegExp): void => {
    assert.notEqual(spoilt, page);
    assert.match(shortcomings('handler-dead', spoilt).join('\n'), word);
  };
  noticed(page.replace('## Mend now', '## Mend'), /sections/);
  noticed(page.replace('**Do first.**', ''), /do first/);
  noticed(
    page.replaceAll('`commands-unexecuted`', '`commands-not-executed`'),
    /no such name: commands-not-exec/,
  );
  noticed(page.replaceAll('`commands-unexecuted`', 'commands'), /does not name commands-unexecuted/);
});

/** What is wrong with the runbook of a cause, a line each. */
function shortcomings(cause: CauseName, page: string): string[] {
  const found: string[] = [];
  if (!page.startsWith(`# ${cause}\n\n**Do first.** `)) found.push('does not begin with what to do first');
  const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
  if (sections.join() !== SECTIONS.join()) found.push(`sections: ${sections.join()}`);
  const known = new Set<string>([...PROBE_IDS, ...CAUSE_NAMES, ...RULE_NAMES]);
  // Faults of the simulator have names of their own.
  for (const [, name = ''] of page.matchAll(/(?<!fault )`([a-z]+(?:-[a-z]+)+)`/g))
    if (!known.has(name)) found.push(`no such name: ${name}`);
  for (const probe of certain(cause))
    if (!page.includes(`\`${probe}\``)) found.push(`does not name ${probe}, which the cause surely shows`);
  return found;
}

/** What the likelihoods say that the cause surely makes visible, at whatever end it strikes. */
function certain(cause: CauseName): ProbeId[] {
  return [...builtInTable().hypotheses.values()]
    .filter((candidate) => candidate.cause === cause)
    .flatMap(({ expects }) => PROBE_IDS.filter((probe) => expects.get(probe) === 'surely'));
}
