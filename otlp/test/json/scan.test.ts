import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  JSON_CONTAINERS_MAX,
  JSON_DEPTH_MAX,
  JSON_UNKNOWN_MEMBERS_MAX,
  scanJson,
} from '../../src/json/scan.js';

test('JSON without long integers is left as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      const hasLongInteger = /\d{16}/.test(text);
      if (!hasLongInteger) assert.equal(scanJson(text), text);
    }),
  );
});

test('integers that a double may not hold are put into quotes, and nothing else is', () => {
  const cases = [
    ['[123456789012345]', '[123456789012345]'],
    ['[1234567890123456]', '["1234567890123456"]'],
    [
      '{"a":-1234567890123456,"b":[1790856000042303001]}',
      '{"a":"-1234567890123456","b":["1790856000042303001"]}',
    ],
    ['[1234567890.123456789012345678]', '[1234567890.123456789012345678]'],
    ['[1.5e+1234567890123456789]', '[1.5e+1234567890123456789]'],
    ['["1234567890123456", "\\"1234567890123456"]', '["1234567890123456", "\\"1234567890123456"]'],
    ['["\\\\", 1234567890123456]', '["\\\\", "1234567890123456"]'],
    ['"1234567890123456', '"1234567890123456'],
  ] as const;
  for (const [text, expected] of cases) assert.equal(scanJson(text), expected);
});

test('brackets count outside strings only', () => {
  const text = JSON.stringify(['['.repeat(10_000), '{"[\\'.repeat(10_000)]);
  assert.equal(scanJson(text), text);
});

test('depth and count of objects and arrays, and unknown members, are bounded', () => {
  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(scanJson(deep(JSON_DEPTH_MAX)), deep(JSON_DEPTH_MAX));
  assert.throws(() => scanJson(deep(JSON_DEPTH_MAX + 1)), { code: 'over-bounds' });
  assert.throws(() => scanJson(`[${'{},'.repeat(JSON_CONTAINERS_MAX)}{}]`), { code: 'over-bounds' });

  const members = (name: string, count: number) =>
    `{${Array.from({ length: count }, () => `"${name}" : 1`).join(',')}}`;
  for (const [name, count] of [
    ['x', JSON_UNKNOWN_MEMBERS_MAX],
    ['stringValue', 2 * JSON_UNKNOWN_MEMBERS_MAX],
  ] as const) {
    assert.equal(scanJson(members(name, count)), members(name, count));
  }
  assert.throws(() => scanJson(members('x', JSON_UNKNOWN_MEMBERS_MAX + 1)), { code: 'over-bounds' });
});
