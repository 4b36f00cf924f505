import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { MistakeError } from '@halfopen/checked-yaml';
import type { EmbeddedStore } from '@halfopen/store';
import {
  backtest,
  explain,
  openRuleBook,
  openRuleSql,
  readRuleBook,
  type RuleBook,
} from '../../src/index.js';
import { temporaryStore } from '../temporary-store.js';
import { BEGIN_MS, state } from '../told.js';

const WITHIN = 'seen_at <= {at:DateTime64(9)} AND seen_at > {at:DateTime64(9)} - INTERVAL 1 MINUTE';

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-rulefile-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function bookOf(t: TestContext, store: EmbeddedStore, yaml: string): Promise<RuleBook> {
  const file = join(await folder(t), 'ours.yaml');
  await writeFile(file, yaml);
  const people = openRuleSql(store);
  t.after(() => people.close());
  return openRuleBook(readRuleBook({ rules: [file] }), people, BEGIN_MS + 60_000);
}

function sqlRule(sql: string, ...more: readonly string[]): string {
  return [
    'groups:',
    '  - name: ours',
    '    rules:',
    '      - alert: ours',
    '        expr: |',
    ...sql.split('\n').map((line) => `          ${line}`),
    ...more.map((line) => `        ${line}`),
    '',
  ].join('\n');
}

test('channels that SQL returns fire, with its numbers as a fact; and are well when it returns them no more', async (t) => {
  const store = await temporaryStore(t);
  for (const at_s of [0, 10, 20]) await state(store, 'server', at_s, { 'queue.depth': 7, site: 'lyon' });
  for (const at_s of [30, 40, 50]) await state(store, 'server', at_s, { 'queue.depth': 1, site: 'lyon' });
  const sql = `SELECT channel_id, min(seen_at) AS since, max(queue_depth) AS deepest, argMax(queue_depth, seen_at) AS last
FROM channel_states WHERE ${WITHIN} GROUP BY channel_id HAVING last > 5 -- it is "since" that dates it`;
  const book = await bookOf(
    t,
    store,
    sqlRule(
      sql,
      'labels: { severity: error, team: edge }',
      'annotations: { summary: "has a long queue at {{ $labels.site }}" }',
    ),
  );
  const incidents = await backtest(
    store,
    { fromMs: BEGIN_MS + 5000, toMs: BEGIN_MS + 45_000, stepMs: 5000 },
    book,
  );
  const [incident, ...others] = incidents.filter(({ rule }) => rule === 'ours');
  assert.deepEqual(others, []);
  assert.ok(incident !== undefined);
  assert.deepEqual(
    [
      incident.status,
      incident.severity,
      incident.channels,
      incident.started_at,
      incident.fired_at,
      incident.resolved_at,
    ],
    [
      'resolved',
      'error',
      ['a'],
      '2026-10-01T12:00:00.000Z',
      '2026-10-01T12:00:05.000Z',
      '2026-10-01T12:00:30.000Z',
    ],
  );
  assert.match(incident.summary, /^a has a long queue at lyon since 12:00:00 UTC; likeliest cause: /);
  assert.deepEqual(
    [incident.labels, incident.annotations],
    [{ severity: 'error', team: 'edge' }, { summary: 'has a long queue at lyon' }],
  );
  const fact = incident.facts[0];
  assert.equal(fact?.id, 'ours');
  assert.equal(fact.statement, "by the rule's own query: deepest 7, last 7");
  const [row] = await store.query<Record<string, unknown>>(fact.sql);
  assert.deepEqual([row?.['channel_id'], row?.['deepest'], row?.['last']], ['a', 7, 7], fact.sql);
  const told = await explain(store, 'a', BEGIN_MS + 20_000, book);
  assert.ok(told.incidents.some(({ rule }) => rule === 'ours'));
});

test('a channel that nobody has told of lately can be what SQL returns', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'server', 0);
  const book = await bookOf(t, store, sqlRule("SELECT 'ghost' AS channel_id, {at:DateTime64(9)} AS since"));
  const incidents = await backtest(store, { fromMs: BEGIN_MS, toMs: BEGIN_MS + 10_000, stepMs: 5000 }, book);
  const [incident] = incidents.filter(({ rule }) => rule === 'ours');
  assert.deepEqual([incident?.channels, incident?.status], [['ghost'], 'firing']);
  const sum = incident?.hypotheses.reduce((total, { probability }) => total + probability, 0) ?? 0;
  assert.ok(Math.abs(sum - 1) <= 0.001);
});

const REFUSED: readonly (readonly [name: string, sql: string, told: RegExp])[] = [
  [
    'SQL that reads for ever',
    `SELECT toString(max(number)) AS channel_id FROM numbers(1000000000000) WHERE toDateTime64(number, 3) < {at:DateTime64(9)}`,
    /ran longer than 5 s|TIMEOUT_EXCEEDED|Timeout exceeded/,
  ],
  [
    'memory without end',
    `SELECT channel_id FROM (SELECT groupArray(toString(number)) AS all FROM numbers(200000000) WHERE {at:DateTime64(9)} > 0) ARRAY JOIN all AS channel_id`,
    /memory limit|MEMORY_LIMIT/i,
  ],
  [
    'more rows than channels can be',
    `SELECT toString(number) AS channel_id FROM numbers(1000000) WHERE {at:DateTime64(9)} > 0`,
    /TOO_MANY_ROWS|Limit for result/,
  ],
  [
    'a statement that writes',
    `WITH 1 AS x INSERT INTO channel_states SELECT {at:DateTime64(9)}`,
    /INSERT|not allowed|[Ss]yntax/,
  ],
  [
    'a file',
    `SELECT channel_id FROM file('/etc/passwd') WHERE {at:DateTime64(9)} > 0`,
    /table function file is not allowed here/,
  ],
  [
    'settings',
    `SELECT channel_id FROM channel_states WHERE ${WITHIN} SETTINGS max_execution_time = 0`,
    /SETTINGS are fixed/,
  ],
  [
    'a table that is none',
    `SELECT channel_id FROM chanel_states WHERE ${WITHIN}`,
    /there is no table chanel_states/,
  ],
  [
    'no channel',
    `SELECT count() AS n FROM channel_states WHERE ${WITHIN}`,
    /returns the channels on which it fires in a column channel_id of type String; this returns n UInt64/,
  ],
  [
    'an onset that is no moment',
    `SELECT channel_id, 7 AS since FROM channel_states WHERE ${WITHIN}`,
    /the column since is the onset, a DateTime64, not UInt8/,
  ],
  [
    'no instant',
    'SELECT channel_id FROM channel_states',
    /does not say when: bound what it reads by \{at:DateTime64\(9\)\}/,
  ],
  [
    'the present',
    `SELECT channel_id FROM channel_states WHERE seen_at > now() - 60 AND ${WITHIN}`,
    /now gives another answer at each look: use \{at:DateTime64\(9\)\}/,
  ],
  [
    'chance',
    `SELECT channel_id FROM channel_states WHERE ${WITHIN} AND rand() % 2 = 0`,
    /rand gives another answer/,
  ],
  [
    'a format of its own',
    `SELECT channel_id FROM channel_states WHERE ${WITHIN} FORMAT CSV`,
    /leave the FORMAT clause out/,
  ],
  [
    'a parameter that nobody gives',
    `SELECT channel_id FROM channel_states WHERE ${WITHIN} AND channel_id = {id:String}`,
    /\{id:String\} has no value/,
  ],
];

test('SQL that cannot be a rule is refused with file and line', async (t) => {
  const store = await temporaryStore(t);
  for (const [name, sql, told] of REFUSED)
    await t.test(name, async (sub) => {
      await assert.rejects(bookOf(sub, store, sqlRule(sql)), (error: unknown) => {
        assert.ok(error instanceof MistakeError, String(error));
        assert.match(error.message, /ours\.yaml:5:15 the expr of ours: /);
        assert.match(error.message, told);
        return true;
      });
    });
});

test('what stands in text and in comments is neither the present nor an instant', async (t) => {
  const store = await temporaryStore(t);
  await state(store, 'server', 0);
  const book = await bookOf(
    t,
    store,
    sqlRule(
      `/* not now() */ SELECT channel_id, 'rand()' AS why FROM channel_states WHERE ${WITHIN} -- today()`,
    ),
  );
  assert.equal(book.rules.at(-1)?.name, 'ours');
  await assert.rejects(
    bookOf(t, store, sqlRule("SELECT '{at:DateTime64(9)}' AS channel_id")),
    /does not say when/,
  );
});

test('SQL that fails later denies nothing, holds what is open, and rests for longer and longer', async (t) => {
  const store = await temporaryStore(t);
  await store.command('CREATE TABLE moody (channel_id String) ENGINE = MergeTree ORDER BY ()');
  await store.command("INSERT INTO moody VALUES ('a')");
  await state(store, 'server', 0);
  const book = await bookOf(t, store, sqlRule('SELECT channel_id FROM moody WHERE {at:DateTime64(9)} > 0'));
  const expression = book.rules.at(-1)?.expression;
  assert.ok(expression?.kind === 'sql');
  assert.deepEqual([...((await expression.answer(BEGIN_MS))?.keys() ?? [])], ['a']);
  await store.command('DROP TABLE moody');
  const asked: number[] = [];
  let failures = 0;
  for (let at_s = 0; at_s < 200; at_s += 5) {
    assert.equal(await expression.answer(BEGIN_MS + at_s * 1000), undefined);
    if (expression.status().failures > failures) asked.push(at_s);
    failures = expression.status().failures;
  }
  assert.deepEqual(asked, [0, 5, 15, 35, 75, 155]);
  assert.match(expression.status().lastError ?? '', /moody/);
  await store.command('CREATE TABLE moody (channel_id String) ENGINE = MergeTree ORDER BY ()');
  assert.equal((await expression.answer(BEGIN_MS + 400_000))?.size, 0);
  assert.equal(expression.status().failures, 0);
});

test('a folder stands for its YAML files; a file that is not there is told', async (t) => {
  const dir = await folder(t);
  await mkdir(join(dir, 'rules'));
  const rule = (name: string) => `groups: [{ name: g, rules: [{ alert: ${name}, expr: record-stale }] }]\n`;
  await writeFile(join(dir, 'rules', 'b.yaml'), rule('second'));
  await writeFile(join(dir, 'rules', 'a.yml'), rule('first'));
  await writeFile(join(dir, 'rules', 'notes.txt'), 'no rules');
  const { definitions } = readRuleBook({ rules: [join(dir, 'rules')] });
  assert.deepEqual(
    definitions.slice(-2).map(({ name }) => name),
    ['first', 'second'],
  );
  assert.throws(
    () => readRuleBook({ rules: [join(dir, 'gone.yaml')] }),
    /gone\.yaml: the rule file can't be read \(ENOENT\)/,
  );
});
