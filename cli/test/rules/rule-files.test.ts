import assert from 'node:assert/strict';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { Incident } from '@halfopen/telemetry';
import { halfopen, sample, temporaryFolder, up, type Up } from '../halfopen.js';
import { until } from '../until.js';

/** Fires wherever it is evaluated. */
const GHOST = (alert: string, channel: string, more = '') => `groups:
  - name: ours
    rules:
      - alert: ${alert}
        expr: |
          SELECT '${channel}' AS channel_id, 42 AS answer WHERE {at:DateTime64(9)} > 0
${more}`;
const ENDLESS = GHOST('ghost', 'a').replace(
  / {10}SELECT.*\n/,
  '          SELECT toString(max(number)) AS channel_id FROM numbers(1000000000000) WHERE number > toUnixTimestamp({at:DateTime64(9)})\n',
);

interface Told {
  readonly mistake: string | null;
  readonly rules: readonly {
    readonly name: string;
    readonly place: string | null;
    readonly severity: string;
  }[];
}
const rulesOf = async ({ apiUrl }: Up): Promise<Told> =>
  (await (await fetch(`${apiUrl}/api/v1/rules`)).json()) as Told;
const metricOf = async ({ apiUrl }: Up, name: string): Promise<number> =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await fetch(`${apiUrl}/metrics`)).text())?.[1]);
async function firing({ apiUrl }: Up): Promise<Map<string, Incident>> {
  const answer = await fetch(`${apiUrl}/api/v1/incidents?status=all`);
  const { incidents } = (await answer.json()) as { incidents: Incident[] };
  return new Map(incidents.filter(({ status }) => status === 'firing').map((one) => [one.rule, one]));
}

/** As editors and deployments do: the whole file at once. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

test('rule files: in force from the start, changed without a restart; of a wrong one the rules before go on', async (t) => {
  const data = await temporaryFolder(t);
  const [dir, config] = [join(data, 'rules'), join(data, 'halfopen.yaml')];
  const file = join(dir, 'ours.yaml');
  await mkdir(dir);
  await writeFile(config, `rules: { intervalMs: 250, files: [${dir}] }\nlog: { level: silent }\n`);
  await writeFile(file, GHOST('ghost', 'ghost-1', '        labels: { severity: error, team: edge }\n'));
  const running = await up(data, '--config', config);

  await until('the rule fires', async () => (await firing(running)).has('ghost'));
  const incident = (await firing(running)).get('ghost');
  assert.deepEqual(
    [incident?.channels, incident?.severity, incident?.labels],
    [['ghost-1'], 'error', { severity: 'error', team: 'edge' }],
  );
  assert.equal(incident?.facts[0]?.statement, "by the rule's own query: answer 42");
  const first = await rulesOf(running);
  assert.equal(first.mistake, null);
  assert.equal(first.rules.length, 9);
  assert.deepEqual(
    first.rules.filter(({ place }) => place !== null),
    [{ ...first.rules.at(-1), name: 'ghost', place: `${file}:4`, severity: 'error' }],
  );

  for (const [wrong, told] of [
    [
      GHOST('ghost', 'a').replace('expr', 'exper'),
      /ours\.yaml:5:\d+ .*exper: unknown key; did you mean expr\?/,
    ],
    [ENDLESS, /ours\.yaml:5:15 the expr of ghost: .*(longer than 5 s|TIMEOUT_EXCEEDED)/],
    ['groups: [', /ours\.yaml:\d+:\d+ is not YAML/],
  ] as const) {
    const before = await metricOf(running, 'halfopen_rules_evaluations_total');
    await replace(file, wrong);
    await until('the mistake is told', async () => told.test((await rulesOf(running)).mistake ?? ''));
    assert.equal(await metricOf(running, 'halfopen_rules_files_valid'), 0);
    await until(
      'evaluation goes on',
      async () => (await metricOf(running, 'halfopen_rules_evaluations_total')) > before,
    );
    assert.equal((await firing(running)).get('ghost')?.id, incident.id, 'the rules before go on');
  }

  await replace(file, GHOST('poltergeist', 'ghost-2'));
  await until('the other rule fires', async () => (await firing(running)).has('poltergeist'));
  await until('of a rule that is gone nothing stays open', async () => !(await firing(running)).has('ghost'));
  assert.deepEqual((await rulesOf(running)).mistake, null);
  assert.equal(await metricOf(running, 'halfopen_rules_files_valid'), 1);
  assert.equal((await running.stop('SIGTERM')).code, 0);
});

test('a rule file that is wrong from the start is told with file and line: config check and up end with 2', async (t) => {
  const data = await temporaryFolder(t);
  const [file, causes, config] = [
    join(data, 'ours.yaml'),
    join(data, 'causes.yaml'),
    join(data, 'halfopen.yaml'),
  ];
  await writeFile(config, `rules: { files: [${file}], causes: ${causes} }\n`);
  await writeFile(causes, 'hypotheses: {}\n');
  await writeFile(
    file,
    'groups:\n  - name: ours\n    rules:\n      - alert: mine\n        expr: recrd-stale\n',
  );
  for (const command of [['config', 'check'], ['up']]) {
    const { code, stderr } = await halfopen(...command, '--data', data, '--config', config);
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /^halfopen: \S*ours\.yaml:5:15 .*no probe or shipped rule is called recrd-stale; did you mean record-stale\?/,
    );
  }
  await writeFile(file, ENDLESS);
  assert.equal(
    (await halfopen('config', 'check', '--data', data, '--config', config)).code,
    0,
    'SQL needs a store',
  );
  const endless = await halfopen('up', '--data', data, '--config', config);
  assert.equal(endless.code, 2);
  assert.match(endless.stderr, /^halfopen: \S*ours\.yaml:5:15 the expr of ghost: /);
  await writeFile(file, 'groups: []\n');
  await writeFile(causes, 'hypotheses:\n  reader-ded@agent: { prior: 3 }\n');
  const wrong = await halfopen('up', '--data', data, '--config', config);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^halfopen: \S*causes\.yaml:2:\d+ .*did you mean reader-dead@agent\?/);
});

test('backtest and explain go by the rule files and the cause table of the configuration', async (t) => {
  const data = await temporaryFolder(t);
  const [file, causes, config] = [
    join(data, 'ours.yaml'),
    join(data, 'causes.yaml'),
    join(data, 'halfopen.yaml'),
  ];
  await writeFile(config, `data: ${data}\nrules: { files: [${file}], causes: ${causes} }\n`);
  await writeFile(
    file,
    'groups:\n  - name: ours\n    rules:\n      - { alert: refused, expr: attempts-find-nobody }\n      - { alert: never-connected, enabled: false }\n',
  );
  await writeFile(causes, 'hypotheses:\n  listener-down: { explanation: the gateway sleeps again }\n');
  assert.equal((await halfopen('import', sample('listener-down'), '--data', data)).code, 0);
  const at = ['--from', '2026-10-01T12:02:30Z', '--to', '2026-10-01T12:03:00Z', '--config', config];
  const { stdout, stderr } = await halfopen('rules', 'backtest', ...at, '--json');
  const incidents = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Incident);
  assert.deepEqual([...new Set(incidents.map(({ rule }) => rule))], ['refused'], stderr);
  assert.equal(incidents[0]?.hypotheses[0]?.explanation, 'the gateway sleeps again');
  const explained = await halfopen('explain', 'agent-1', '--at', '2026-10-01T12:03:00Z', '--config', config);
  assert.match(explained.stdout, /refused: 3 channels[\s\S]*meets attempts-find-nobody since /);
});
