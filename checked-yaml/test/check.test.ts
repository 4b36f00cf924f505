import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { check, MistakeError, parseSource, place } from '../src/index.js';

const SCHEMA = z.strictObject({
  limit: z.number().int().max(10).default(3).meta({ example: '3' }),
  password: z.string().min(8).optional().meta({ example: '"a secret"', secret: true }),
  ways: z.record(z.string(), z.strictObject({ weight: z.number().meta({ example: '0.5' }) })).default({}),
});

const MISTAKES: readonly (readonly [name: string, yaml: string, told: RegExp])[] = [
  [
    'a value of another type',
    'limit: many\n',
    /^f\.yaml:1:8 limit: expected number.*, got "many"; for example limit: 3$/,
  ],
  ['an unknown key', 'limt: 1\n', /^f\.yaml:1:\d+ limt: unknown key; did you mean limit\?/],
  [
    'a secret, which is not repeated',
    'password: hunter2\n',
    /^(?!.*hunter2).*password: .*for example password: "a secret"$/,
  ],
  [
    'a value in a table that is keyed by name',
    'ways:\n  home:\n    weight: heavy\n',
    /^f\.yaml:3:13 ways\.home\.weight: expected number.*for example weight: 0\.5$/,
  ],
  ['a key that is missing, at what lacks it', 'ways:\n  home: {}\n', /^f\.yaml:2:9 ways\.home\.weight: /],
  [
    'an unknown key in such a table',
    'ways: { home: { wieght: 1, weight: 1 } }\n',
    /ways\.home\.wieght: unknown key; did you mean weight/,
  ],
];
for (const [name, yaml, told] of MISTAKES)
  test(`told with its place: ${name}`, () => {
    assert.throws(
      () => check(SCHEMA, parseSource(yaml, 'f.yaml')),
      (error: unknown) => {
        assert.ok(error instanceof MistakeError);
        assert.match(error.message, told);
        return true;
      },
    );
  });

test('several mistakes are told at once, a line each', () => {
  assert.throws(
    () => check(SCHEMA, parseSource('limit: 11\npassword: short\n', 'f.yaml')),
    (error: unknown) => error instanceof MistakeError && error.message.split('\n').length === 2,
  );
});

test('defaults stand where nothing is written', () => {
  assert.deepEqual(check(SCHEMA, undefined), { limit: 3, ways: {} });
  assert.deepEqual(check(SCHEMA, parseSource('', 'f.yaml')), { limit: 3, ways: {} });
});

/** Each would end the parser's stack, or the process. */
const DEEP: readonly (readonly [name: string, yaml: string])[] = [
  ['brackets', '['.repeat(200_000)],
  ['brackets that close', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['braces', '{a: '.repeat(60_000)],
  ['lists in a line', `${'- '.repeat(100_000)}a`],
  ['complex keys', '? '.repeat(100_000)],
  ['lists with tabs', `${'-\t'.repeat(100_000)}a`],
  ['indentation', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
];
for (const [name, yaml] of DEEP)
  test(`refused before it is parsed: ${name} without end`, () => {
    assert.throws(
      () => parseSource(yaml, 'f.yaml'),
      /^MistakeError: f\.yaml:\d+:1 is nested deeper than 64 levels$/,
    );
  });

test('as deep as people write is fine, and so is SQL with rulers in comments', () => {
  const deep = `${'['.repeat(60)}${']'.repeat(60)}`;
  const sql = `  -- ${'-'.repeat(300)}\n  SELECT '['`;
  const { document } = parseSource(`a: ${deep}\nb: |\n${sql}\n`, 'f.yaml');
  assert.equal(document.getIn(['b']), `-- ${'-'.repeat(300)}\nSELECT '['\n`);
});

test('aliases and keys that are there twice are refused', () => {
  assert.throws(() => check(SCHEMA, parseSource('a: &x 1\nb: *x\n', 'f.yaml')));
  assert.throws(() => parseSource('limit: 1\nlimit: 2\n', 'f.yaml'), /f\.yaml:2:\d+ is not YAML: .*unique/);
});

test('what is not there is placed where it would stand', () => {
  const source = parseSource('ways:\n  home: { weight: 1 }\n', 'f.yaml');
  assert.equal(place(source, ['ways', 'home', 'height', 0]), 'f.yaml:2:9');
});
