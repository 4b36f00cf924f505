import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from '../docs/pages.js';
import { imported, inProcess, QUESTIONS, TOKEN } from './imported.js';

const run = promisify(execFile);

/** As `checks.py` prints it. */
interface Answers {
  readonly late: Readonly<Record<string, string>>;
  readonly questions: Readonly<Record<string, unknown[][][]>>;
  readonly [name: string]: unknown;
}

const HARD = 'it\'s \\ a\ttab\nand "quotes" {n:UInt64} é 🙂 `; DROP TABLE frames --';

test('the official Python client', { timeout: 300_000 }, async (t) => {
  const { stdout: python } = await run(process.execPath, [join(ROOT, 'scripts', 'setup', 'python.mjs')]);
  const running = await imported(t);
  const { hostname, port } = new URL(running.sqlUrl);
  const checks = [
    join(ROOT, 'cli', 'test', 'sql', 'checks.py'),
    hostname,
    port,
    TOKEN,
    JSON.stringify(QUESTIONS),
  ];
  const { stdout } = await run(python.trim(), checks, { maxBuffer: 64 * 2 ** 20 });
  const answers = JSON.parse(stdout) as Answers;

  await t.test('it connects, and knows what it may set', () => {
    assert.deepEqual(answers['connected'], ['26', 'UTC', true]);
    assert.deepEqual(answers['settings'], [['Nullable(UInt8)']]);
  });

  await t.test('answers are those of the engine in the process', async () => {
    const expected = await Promise.all(QUESTIONS.map((query) => inProcess(running, query)));
    assert.ok(expected.every((rows) => rows.length > 0));
    for (const [compression, got] of Object.entries(answers.questions)) {
      assert.equal(got.length, QUESTIONS.length);
      got.forEach((rows, index) => {
        assert.deepEqual(rows, expected[index], `${compression}: ${QUESTIONS[index] ?? ''}`);
      });
    }
    assert.deepEqual(Object.keys(answers.questions), ['False', 'gzip', 'deflate', 'True']);
  });

  await t.test('parameters of every type', () => {
    const [row] = JSON.parse(JSON.stringify(answers['parameters'])) as unknown[][];
    assert.deepEqual(row, [
      ...[HARD, 18446744073709551615n.toString(), -7, 0.1, true, null, [HARD, 'b'], { k: 1 }].map(
        (value, index) => (index === 1 ? Number(value) : value),
      ),
      ...['2026-10-01', '2026-10-01 12:00:00', '61f0c404-5cb3-11e7-907b-a6006ad3dba0', '1234.5678', 'low'],
    ]);
    assert.deepEqual(answers['form'], [[HARD]]);
    assert.deepEqual(answers['inlined'], [[HARD, 3]]);
  });

  await t.test('commands, raw answers, streams, summaries', () => {
    assert.equal(answers['command'], 42);
    assert.equal(answers['raw'], '"a"\n1\n');
    assert.deepEqual(answers['stream'], [300_000, (300_000 * 299_999) / 2]);
    const summary = answers['summary'] as Record<string, string>;
    assert.deepEqual([summary['result_rows'], summary['query_id']], ['5', 'mine']);
    assert.ok((answers['columns'] as string[]).includes('channel_id'));
  });

  await t.test('errors are ClickHouse’s, at once or in the midst of a stream', () => {
    assert.match(String(answers['unknown column']), /code: 47.*UNKNOWN_IDENTIFIER/s);
    assert.match(String(answers['drop']), /code: 164.*READONLY/s);
    assert.match(String(answers['insert']), /READONLY/);
    assert.match(String(answers['stranger']), /AUTHENTICATION_FAILED/);
    for (const [compression, told] of Object.entries(answers.late))
      assert.match(told, /Code: 395/, compression);
  });
});
