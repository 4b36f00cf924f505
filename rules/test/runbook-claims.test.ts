import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { CAUSE_NAMES, type CauseName } from '@halfopen/telemetry';
import { BUILT_IN_CAUSES as TABLE } from '../src/causes/model.js';
import { builtInTable } from '../src/causes/table.js';
import { PROBE_IDS, type ProbeId } from '../src/probes/probes.js';

/** That a probe reads so where the cause is at work, at one of the ends at least. */
interface Claim {
  readonly causes: readonly CauseName[];
  /** One of them is enough. */
  readonly probes: readonly ProbeId[];
  readonly reads: 'yes' | 'no';
}

const causesIn = (text: string): CauseName[] => CAUSE_NAMES.filter((cause) => text.includes(`\`${cause}\``));
const probesIn = (text: string): ProbeId[] => PROBE_IDS.filter((probe) => text.includes(`\`${probe}\``));

/** Rows of the table under a heading, by cell. */
function rows(page: string, heading: string): string[][] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [, , ...found] = (section.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| ') || line.startsWith('|-'));
  return found.map((line) => line.split('|').slice(1, -1));
}

/** "`a`, `b` | `c` or `d` is yes, `e` no" of the look-alikes. */
function claimsOfLookAlikes(page: string): Claim[] {
  return rows(page, 'Look-alikes').flatMap(([named = '', differs = '']) => {
    const causes = causesIn(named);
    return [
      ...differs.matchAll(/((?:`[a-z-]+`(?:,? (?:or|and) |, )?)+) (?:(?:is|are) )?(yes|no)\b/g),
    ].flatMap(([, names = '', reads]): Claim[] => {
      const either = names.includes(' or ') ? [probesIn(names)] : probesIn(names).map((probe) => [probe]);
      return either.map((probes) => ({ causes, probes, reads: reads === 'yes' ? 'yes' : 'no' }));
    });
  });
}

/** "| who | `a`, `b`; `c` is **no** | words |" of how the page's own cause shows. */
function claimsOfShows(cause: CauseName, page: string): Claim[] {
  return rows(page, 'How it shows').flatMap(([, probes = '']) =>
    probes.split(';').flatMap((part) =>
      probesIn(part).map((probe): Claim => ({
        causes: [cause],
        probes: [probe],
        reads: part.includes('**no**') ? 'no' : 'yes',
      })),
    ),
  );
}

const HARDLY = builtInTable().levels.get('hardly') ?? NaN;

/** Does the likelihood table say otherwise? "Hardly" is still worth a line, of a symptom and of its absence. */
function denied({ causes, probes, reads }: Claim): boolean {
  return causes.some((cause) => {
    const likelihoods = TABLE.ids
      .filter((id) => TABLE.hypothesis(id).cause === cause)
      .flatMap((id) => probes.map((probe) => TABLE.likelihoodOfYes(id, probe)));
    return reads === 'yes' ? Math.max(...likelihoods) < HARDLY : Math.min(...likelihoods) > HARDLY;
  });
}

const say = ({ causes, probes, reads }: Claim): string => `${causes.join()}: ${probes.join(' or ')} ${reads}`;

for (const cause of CAUSE_NAMES) {
  test(`what the runbook of ${cause} says of probes is what the likelihoods say`, async () => {
    const page = await readFile(new URL(`../../../docs/runbooks/${cause}.md`, import.meta.url), 'utf8');
    // Of the unknown nothing is expected.
    const shows = cause === 'unknown-cause' ? [] : claimsOfShows(cause, page);
    const lookAlikes = claimsOfLookAlikes(page);
    assert.ok(
      shows.length >= 2 || cause === 'unknown-cause' || cause === 'duplicate-executor',
      'how it shows is read',
    );
    assert.ok(lookAlikes.length >= 2, 'the look-alikes are read');
    assert.deepEqual([...shows, ...lookAlikes].filter(denied).map(say), []);
  });
}

test('a claim that the likelihoods deny is noticed', () => {
  const table = (heading: string, row: string): string =>
    `## ${heading}\n\n| a | b | c |\n|---|---|---|\n${row}\n\n## Next\n`;
  const [wrong, right] = claimsOfLookAlikes(
    table(
      'Look-alikes',
      '| `handler-dead` | `agent-decode-errors` is yes, `commands-unexecuted` yes | agent |',
    ),
  );
  assert.ok(wrong !== undefined && denied(wrong) && right !== undefined && !denied(right));
  const [either] = claimsOfLookAlikes(
    table(
      'Look-alikes',
      '| `event-loop-blocked` | `server-unrouted` or `agent-event-loop-blocked` is yes | agent |',
    ),
  );
  assert.equal(either?.probes.length, 2);
  assert.ok(!denied(either));
  const shows = claimsOfShows(
    'duplicate-executor',
    table(
      'How it shows',
      '| agent | `executed-twice`; `agent-silent` is **no** | x |\n| agent | `executed-twice` is **no** | x |',
    ),
  );
  assert.deepEqual(shows.map(denied), [false, false, true]);
});
