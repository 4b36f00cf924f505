import assert from 'node:assert/strict';
import test from 'node:test';
import { MistakeError, parseSource } from '@halfopen/checked-yaml';
import { CAUSE_NAMES } from '@halfopen/telemetry';
import { CauseModel } from '../../src/causes/model.js';
import { builtInTable, overlay } from '../../src/causes/table.js';

const changed = (yaml: string) => new CauseModel(overlay(builtInTable(), parseSource(yaml, 'causes.yaml')));

test('every cause of the contract has a hypothesis in the table that is shipped', () => {
  const causes = new Set([...builtInTable().hypotheses.values()].map(({ cause }) => cause));
  assert.deepEqual([...causes].sort(), [...CAUSE_NAMES].sort());
});

test('a file changes what it names, and nothing else', () => {
  const shipped = new CauseModel(builtInTable());
  const model = changed(`
levels: { surely: 0.9 }
hypotheses:
  reader-dead@agent:
    prior: 60
    expects: { commands-lost: maybe }
  reader-dead@gateway:
    cause: reader-dead
    explanation: the gateway does not read
    prior: 1
    expects: { pings-unanswered: surely }
`);
  assert.equal(model.likelihoodOfYes('reader-dead@agent', 'commands-lost'), 0.5);
  assert.equal(model.likelihoodOfYes('reader-dead@agent', 'agent-hears-nothing'), 0.9);
  assert.equal(model.likelihoodOfYes('reader-dead@agent', 'control-to-agent-lost'), 0.7);
  assert.equal(model.likelihoodOfYes('reader-dead@gateway', 'pings-unanswered'), 0.9);
  assert.ok(model.prior('reader-dead@agent') > 5 * shipped.prior('reader-dead@agent'));
  assert.equal(model.ids.length, shipped.ids.length + 1);
  const sum = model.ids.reduce((total, id) => total + model.prior(id), 0);
  assert.ok(Math.abs(sum - 1) < 1e-9);
});

const MISTAKES: readonly (readonly [name: string, yaml: string, told: RegExp])[] = [
  [
    'a hypothesis that is misspelt',
    'hypotheses:\n  reader-ded@agent: { prior: 3 }\n',
    /causes\.yaml:2:\d+ hypotheses\.reader-ded@agent: .*did you mean reader-dead@agent\?/,
  ],
  [
    'a probe that is misspelt',
    'hypotheses:\n  reader-dead@agent:\n    expects:\n      comands-lost: maybe\n',
    /causes\.yaml:4 .*no probe is called comands-lost; did you mean commands-lost\?/,
  ],
  [
    'a level that is none',
    'hypotheses:\n  reader-dead@agent:\n    expects: { commands-lost: often }\n',
    /causes\.yaml:3:\d+ .*no level is called often; known are surely, mostly/,
  ],
  [
    'a cause that is none',
    'hypotheses:\n  mine: { cause: gremlins, explanation: x, prior: 1 }\n',
    /causes\.yaml:2:\d+ hypotheses\.mine\.cause: .*got "gremlins"/,
  ],
  [
    'a level beyond doubt',
    'levels: { surely: 1 }\n',
    /causes\.yaml:1:\d+ levels\.surely: .*got 1; for example surely: 0\.5/,
  ],
  [
    'a prior of nothing',
    'hypotheses:\n  reader-dead@agent: { prior: 0 }\n',
    /prior: .*got 0; for example prior: 4/,
  ],
  [
    'what is not known, expected',
    'hypotheses:\n  unknown-cause: { expects: { commands-lost: maybe } }\n',
    /stands for what the table does not know/,
  ],
  [
    'an unknown key',
    'hypothesis: {}\n',
    /causes\.yaml:1:\d+ hypothesis: unknown key; did you mean hypotheses\?/,
  ],
  [
    'a probe of the outright that is none',
    'outright: { probes: [listener-gone] }\n',
    /causes\.yaml:1 .*no probe is called listener-gone; did you mean listener-down\?/,
  ],
];
for (const [name, yaml, told] of MISTAKES)
  test(`refused with file and line: ${name}`, () => {
    assert.throws(
      () => changed(yaml),
      (error: unknown) => {
        assert.ok(error instanceof MistakeError, String(error));
        assert.match(error.message, told);
        return true;
      },
    );
  });
