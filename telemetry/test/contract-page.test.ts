import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import type {
  Fact,
  Hypothesis,
  Incident,
  Link,
  NextStep,
  SharedAttribute,
  StepOutcome,
  Unknown,
} from '../src/index.js';
import { CAUSE_NAMES, INCIDENT_STATUSES, RULE_NAMES, SEVERITIES } from '../src/index.js';
import { differences } from './contract-page.js';

const page = readFileSync(new URL('../../../docs/contract.md', import.meta.url), 'utf8');

test('the page and the code name the same spans, attributes, rules and causes, and describe them alike', () => {
  assert.deepEqual(differences(page), []);
});

/** What an engineer might do to one side only; each must be noticed. */
const MUTATIONS: readonly { what: string; find: RegExp; replace: string; noticed: RegExp }[] = [
  {
    what: 'an attribute is in the code only',
    find: /^\| `frame\.seq` .*\n/m,
    replace: '',
    noticed: /^attribute frame\.seq: in the code, not on the page$/,
  },
  {
    what: 'an attribute is on the page only',
    find: /^(?=\| `frame\.seq` )/m,
    replace: '| `frame.hue` | string | `frame.*` | | Colour. |\n',
    noticed: /^attribute frame\.hue: on the page, not in the code$/,
  },
  {
    what: 'an attribute is described twice',
    find: /^(\| `frame\.seq` .*\n)/m,
    replace: '$1$1',
    noticed: /^attribute frame\.seq: twice on the page$/,
  },
  {
    what: 'a type differs',
    find: /(?<=`listener\.up` \| )bool/,
    replace: 'int',
    noticed: /^attribute listener\.up: page says "int;.*code says "bool;/,
  },
  {
    what: 'a unit differs',
    find: /(?<=`frame\.size` \| )int, bytes/,
    replace: 'int, frames',
    noticed: /^attribute frame\.size:/,
  },
  {
    what: 'an attribute is required on one side only',
    find: /(?<=`channel\.id` \| string), required/,
    replace: '',
    noticed: /^attribute channel\.id:/,
  },
  {
    what: 'an attribute occurs on other spans',
    find: /(?<=`frame\.executor\.id` \| string \| )`frame\.execute`/,
    replace: '`frame.*`',
    noticed: /^attribute frame\.executor\.id:/,
  },
  {
    what: 'a value differs',
    find: /`virtio-serial`/,
    replace: '`vsock`',
    noticed: /^attribute channel\.transport:/,
  },
  {
    what: 'an open list is closed on one side',
    find: /(?<=`not_connected`), your own/,
    replace: '',
    noticed: /^attribute frame\.drop_reason:/,
  },
  {
    what: 'a span is in the code only',
    find: /^\| `listener\.state` .*\n/m,
    replace: '',
    noticed: /^span listener\.state: in the code, not on the page$/,
  },
  {
    what: 'a resource attribute has another name',
    find: /`service\.instance\.id` \|/,
    replace: '`service.instance` |',
    noticed: /^resource attribute service\.instance: on the page, not in the code$/,
  },
  {
    what: 'a rule does not page on one side',
    find: /(?<=`zombie-handler` \| critical \| )yes/,
    replace: 'no',
    noticed: /^rule zombie-handler:/,
  },
  {
    what: 'a cause has another name',
    find: /^\| `stale-route`/m,
    replace: '| `stale-connection`',
    noticed: /^cause stale-connection: on the page, not in the code$/,
  },
];

for (const { what, find, replace, noticed } of MUTATIONS) {
  test(`noticed: ${what}`, () => {
    const mutated = page.replace(find, replace);
    assert.notEqual(mutated, page, 'the mutation applies to the page');
    assert.ok(
      differences(mutated).some((line) => noticed.test(line)),
      differences(mutated).join('\n'),
    );
  });
}

/** Every key of T that is always there, once, checked by the compiler in both directions. */
type KeysOf<T> = { [K in keyof T as undefined extends T[K] ? never : K]: true };

const incident: KeysOf<Incident> = {
  id: true,
  dedup_key: true,
  rule: true,
  status: true,
  severity: true,
  started_at: true,
  fired_at: true,
  resolved_at: true,
  channels: true,
  shared: true,
  summary: true,
  facts: true,
  unknowns: true,
  hypotheses: true,
  next_step: true,
  runbook_url: true,
  links: true,
};
const shared: KeysOf<SharedAttribute> = { attribute: true, value: true };
const fact: KeysOf<Fact> = { id: true, statement: true, observed: true, sql: true };
const unknownFact: KeysOf<Unknown> = { id: true, statement: true };
const hypothesis: KeysOf<Hypothesis> = {
  cause: true,
  probability: true,
  for: true,
  against: true,
  missing: true,
  explanation: true,
};
const nextStep: KeysOf<NextStep> = { action: true, discriminates: true, outcomes: true };
const outcome: KeysOf<StepOutcome> = { if: true, then: true };
const link: KeysOf<Link> = { text: true, href: true };

test("the page's incident has the keys of the code's, in the same order, and obeys what the page says of it", () => {
  const json = /```json\n(.*?)```/s.exec(page)?.[1];
  assert.ok(json !== undefined, 'the page shows an incident as JSON');
  const example = JSON.parse(json) as Incident;

  const sameKeys = (value: object, keys: object): void => {
    assert.deepEqual(Object.keys(value), Object.keys(keys));
  };
  sameKeys(example, incident);
  sameKeys(example.shared ?? {}, shared);
  for (const f of example.facts) sameKeys(f, fact);
  for (const u of example.unknowns) sameKeys(u, unknownFact);
  for (const h of example.hypotheses) sameKeys(h, hypothesis);
  sameKeys(example.next_step, nextStep);
  for (const o of example.next_step.outcomes) sameKeys(o, outcome);
  for (const l of example.links) sameKeys(l, link);

  const rules: readonly string[] = RULE_NAMES;
  assert.ok(rules.includes(example.rule));
  for (const h of example.hypotheses) assert.ok(CAUSE_NAMES.includes(h.cause), h.cause);
  const sum = example.hypotheses.reduce((total, h) => total + h.probability, 0);
  assert.ok(Math.abs(sum - 1) <= 0.001);
});

test('the page lists the severities and statuses of the code', () => {
  const listed = (values: readonly string[]): string => values.map((v) => `\`${v}\``).join(', ');
  const prose = page.replace(/\s+/g, ' ');
  assert.ok(prose.includes(`\`severity\` is one of ${listed(SEVERITIES)};`));
  assert.ok(prose.includes(`\`status\` one of ${listed(INCIDENT_STATUSES)}.`));
});
