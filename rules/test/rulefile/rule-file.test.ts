import assert from 'node:assert/strict';
import test from 'node:test';
import { MistakeError, parseSource } from '@halfopen/checked-yaml';
import { RULE_NAMES, RULES } from '@halfopen/telemetry';
import { SHIPPED } from '../../src/rulefile/book.js';
import { overlayRules, shippedDefinitions } from '../../src/rulefile/rule-file.js';

const SQL = 'SELECT channel_id FROM channel_states WHERE seen_at <= {at:DateTime64(9)}';

/** The fourth line is the rule's first. */
function file(...lines: readonly string[]): string {
  return `groups:\n  - name: ours\n    rules:\n      - ${lines.join('\n        ')}\n`;
}

const read = (yaml: string) => overlayRules(shippedDefinitions(), parseSource(yaml, 'ours.yaml'));
const named = (yaml: string, name: string) => read(yaml).find((rule) => rule.name === name);

test('the rules of the contract are shipped in the form of a rule file, each on its own detector', () => {
  assert.deepEqual(SHIPPED.rules.map(({ name }) => name).sort(), [...RULE_NAMES].sort());
  for (const { name, severity, expression, place } of SHIPPED.rules) {
    assert.deepEqual(expression, { kind: 'detector', name });
    assert.equal(severity, RULES[name as keyof typeof RULES].severity, name);
    assert.equal(place, undefined);
  }
});

test('a rule of SQL, and one of probes, with all that they may say', () => {
  const yaml = file(
    'alert: slow-acks',
    'expr: |',
    `  ${SQL}`,
    'for: 1m30s',
    'keep_firing_for: 2h',
    'labels: { severity: error, team: platform }',
    'annotations: { summary: "waits on {{ $labels.site }}", description: long }',
    'runbook_url: https://wiki.example.net/slow',
  );
  const rule = named(yaml, 'slow-acks');
  assert.deepEqual(
    [rule?.condition, rule?.for_s, rule?.keep_firing_for_s, rule?.severity, rule?.place, rule?.runbookUrl],
    ['sql', 90, 7200, 'error', 'ours.yaml:4', 'https://wiki.example.net/slow'],
  );
  const bare = named(file('alert: stalls', 'expr: server-writes-stall'), 'stalls');
  assert.deepEqual([bare?.for_s, bare?.keep_firing_for_s, bare?.severity], [0, 300, 'warning']);
});

test('a shipped rule keeps what a file does not change of it, and can be put out of force', () => {
  const changed = named(file('alert: zombie-handler', 'for: 1m'), 'zombie-handler');
  assert.deepEqual(
    [changed?.for_s, changed?.keep_firing_for_s, changed?.severity, changed?.condition],
    [60, 300, 'critical', { kind: 'detector', name: 'zombie-handler' }],
  );
  assert.equal(named(file('alert: flapping-channel', 'enabled: false'), 'flapping-channel')?.enabled, false);
  assert.equal(read(file('alert: zombie-handler', 'for: 1m')).length, RULE_NAMES.length);
});

const MISTAKES: readonly (readonly [name: string, yaml: string, told: RegExp])[] = [
  ['no expression', file('alert: mine'), /ours\.yaml:4:\d+ groups\.0\.rules\.0: mine needs an expr/],
  [
    'a probe that is none',
    file('alert: mine', 'expr: recrd-stale'),
    /ours\.yaml:5:15 groups\.0\.rules\.0\.expr: .*did you mean record-stale\?/,
  ],
  [
    'a duration that is none',
    file('alert: mine', 'expr: record-stale', 'for: soon'),
    /ours\.yaml:6:14 .*\.for: expected a duration.*got "soon"; for example for: 30s/,
  ],
  ['a duration without a unit', file('alert: mine', 'expr: record-stale', 'for: 30'), /ours\.yaml:6:14 /],
  ['a duration without end', file('alert: mine', 'expr: record-stale', 'for: 99999d'), /expected at most 7d/],
  [
    'a severity that is none',
    file('alert: mine', 'expr: record-stale', 'labels: { severity: loud }'),
    /ours\.yaml:6:\d+ .*labels: severity: expected critical, error, warning, info/,
  ],
  [
    'an unknown key',
    file('alert: mine', 'expr: record-stale', 'four: 30s'),
    /ours\.yaml:6:\d+ .*four: unknown key; did you mean for\?/,
  ],
  [
    'a name with a blank',
    file('alert: my rule', 'expr: record-stale'),
    /ours\.yaml:4:16 .*alert: expected a letter/,
  ],
  [
    'the name of a probe',
    file('alert: record-stale', 'expr: record-stale'),
    /the name of a probe: give the rule another/,
  ],
  [
    'the same name twice',
    file('alert: mine', 'expr: record-stale', '', '') + '      - alert: mine\n        expr: record-stale\n',
    /mine is there already, at ours\.yaml:4/,
  ],
  [
    'a placeholder that stands for nothing',
    file('alert: mine', 'expr: record-stale', 'annotations: { summary: "{{ $value }} late" }'),
    /ours\.yaml:6:\d+ .*annotations\.summary: \{\{ \$value \}\} stands for nothing here: \{\{ \$labels\.channel_id \}\}/,
  ],
  [
    'a runbook that is no address',
    file('alert: mine', 'expr: record-stale', 'runbook_url: "javascript:alert(1)"'),
    /ours\.yaml:6:\d+ .*runbook_url: expected an http or https address/,
  ],
  ['PromQL', file('alert: mine', 'expr: rate(frames[5m]) > 3'), /"\[" has no meaning in a condition/],
];
for (const [name, yaml, told] of MISTAKES)
  test(`refused with file and line: ${name}`, () => {
    assert.throws(
      () => read(yaml),
      (error: unknown) => {
        assert.ok(error instanceof MistakeError, String(error));
        assert.match(error.message, told);
        return true;
      },
    );
  });
