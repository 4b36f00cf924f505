import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { halfopen, temporaryFolder } from '../halfopen.js';

const RULES = `groups:
  - name: ours
    rules:
      - alert: unanswered
        expr: commands-unacknowledged and not unconnected
        for: 20s
        annotations: { summary: "has commands waiting at {{ $labels.site }}" }
`;

/** The same timeline for all: its third channel's handler dies at 2m and is mended at 4m. */
const TIMELINE = `    fleet: { channels: 3, sites: [lyon] }
    timeline: ["2m..4m agent-2 dead-handler"]
    for: 6m
    step: 20s
    expect:
`;

test('a test that holds passes; one that does not shows expected against got, in each way that it can differ', async (t) => {
  const dir = await temporaryFolder(t);
  await writeFile(join(dir, 'ours.yaml'), RULES);
  await writeFile(
    join(dir, 'right.test.yaml'),
    `rules: [ours.yaml]
tests:
  - name: it fires and resolves
${TIMELINE}      - { at: 1m50s, firing: [] }
      - { at: 3m50s, firing: [{ rule: unanswered, channels: [agent-2], cause: handler-dead, severity: warning }] }
      - { at: 6m, firing: [] }
`,
  );
  const right = await halfopen('rules', 'test', join(dir, 'right.test.yaml'));
  assert.deepEqual([right.code, right.stderr], [0, '']);
  assert.match(right.stdout, /^ok {6}it fires and resolves$/m);
  assert.match(right.stdout, /^1 rule test passed$/m);

  await writeFile(
    join(dir, 'wrong.test.yaml'),
    `rules: [ours.yaml]
tests:
  - name: whatever it is
${TIMELINE}      - { at: 1m50s, firing: [{ rule: unanswered }] }
      - { at: 3m40s, firing: [] }
      - { at: 3m41s, firing: [{ rule: unanswered, channels: [agent-1] }] }
      - { at: 3m42s, firing: [{ rule: unanswered, cause: frames-lost }] }
      - { at: 3m43s, firing: [{ rule: unanswered, severity: critical }] }
      - { at: 3m44s, firing: [{ rule: unanswered }, { rule: flapping-channel }] }
      - { at: 3m45s, firing: [{ rule: unanswered }] }
`,
  );
  const wrong = await halfopen('rules', 'test', join(dir, 'wrong.test.yaml'));
  assert.equal(wrong.code, 1);
  assert.equal(wrong.stderr, 'halfopen: 1 of 1 rule tests failed\n');
  const told = wrong.stdout.slice(wrong.stdout.indexOf('FAILED'));
  const got =
    'got       unanswered, on agent-2, cause handler-dead \\(\\d+ %\\), severity warning: agent-2 has commands waiting at lyon since 12:0\\d:\\d\\d UTC; .*';
  const nothing = 'nothing else that fires';
  for (const [at, line, differs] of [
    ['1m50s', 9, [`expected  unanswered`, `got       ${nothing}`]],
    ['3m40s', 10, [got, `expected  ${nothing}`]],
    ['3m41s', 11, ['expected  unanswered, on agent-1', got]],
    ['3m42s', 12, ['expected  unanswered, cause frames-lost', got]],
    ['3m43s', 13, ['expected  unanswered, severity critical', got]],
    ['3m44s', 14, ['expected  flapping-channel', `got       ${nothing}`]],
  ] as const)
    assert.match(
      told,
      new RegExp(
        `^  at ${at} \\(\\S+wrong\\.test\\.yaml:${line}\\)\n${differs.map((one) => `    ${one}\n`).join('')}(  at|$)`,
        'm',
      ),
    );
  assert.doesNotMatch(told, /at 3m45s/);
});

const MISTAKES: readonly (readonly [name: string, yaml: string, told: RegExp])[] = [
  [
    'a rule that is not in force',
    'tests: [{ name: a, expect: [{ at: 1m, firing: [{ rule: zombie-handlr }] }] }]',
    /t\.yaml:1:\d+ tests\.0\.expect\.0\.firing\.0\.rule: no rule in force is called zombie-handlr; did you mean zombie-handler\?/,
  ],
  [
    'a line of the timeline',
    'tests:\n  - name: a\n    timeline:\n      - 1m.. agent-0 drop\n    expect: [{ at: 1m, firing: [] }]',
    /t\.yaml:4:9 tests\.0\.timeline\.0: nothing is called drop; did you mean drops\?/,
  ],
  [
    'a rule file that is not there',
    'rules: [gone.yaml]\ntests: [{ name: a, expect: [{ at: 1m, firing: [] }] }]',
    /gone\.yaml: the rule file can't be read/,
  ],
  ['no expectation', 'tests: [{ name: a, expect: [] }]', /t\.yaml:1:\d+ tests\.0\.expect: /],
  [
    'a test that ends before it expects',
    'tests: [{ name: a, for: 1m, expect: [{ at: 2m, firing: [] }] }]',
    /tests\.0\.for: it is over before the last expectation, at 120s/,
  ],
  [
    'a fleet without end',
    'tests: [{ name: a, fleet: { channels: 1000 }, for: 1d, expect: [{ at: 2m, firing: [] }] }]',
    /1000 channels for 86400s are too many: at most 3600000 channel seconds/,
  ],
  [
    'more steps than anybody waits for',
    'tests: [{ name: a, step: 1s, for: 1d, expect: [{ at: 2m, firing: [] }] }]',
    /tests\.0\.step: expected at most 10000 steps/,
  ],
  [
    'a cause that is none',
    'tests: [{ name: a, expect: [{ at: 1m, firing: [{ rule: zombie-handler, cause: gremlins }] }] }]',
    /cause: .*got "gremlins"/,
  ],
];
for (const [name, yaml, told] of MISTAKES)
  test(`a file that is wrong is told with file and line: ${name}`, async (t) => {
    const file = join(await temporaryFolder(t), 't.yaml');
    await writeFile(file, `${yaml}\n`);
    const { code, stderr } = await halfopen('rules', 'test', file);
    assert.equal(code, 2, stderr);
    assert.match(stderr, told);
  });
