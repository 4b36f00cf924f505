import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readBytes, readDouble, readId, readInteger } from '../../src/json/scalars.js';

test('integers: decimal, whole, within their range', () => {
  const read = (json: unknown) => readInteger(json, -(2n ** 63n), 2n ** 63n - 1n);
  for (const [json, value] of [
    [0, 0n],
    [-0, 0n],
    [-5, -5n],
    [1e3, 1000n],
    ['12', 12n],
    ['-9223372036854775808', -(2n ** 63n)],
  ] as const) {
    assert.equal(read(json), value);
  }
  for (const json of [
    1.5,
    NaN,
    Infinity,
    1e300,
    '',
    ' 1',
    '1.0',
    '1e3',
    '0x1',
    '01',
    '+1',
    '-0',
    '1'.repeat(21),
  ]) {
    assert.equal(read(json), undefined, String(json));
  }
  for (const json of ['9223372036854775808', true, null, undefined, [1], {}])
    assert.equal(read(json), undefined);
});

test('doubles: every double comes back, as a number and as a string', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      assert.equal(readDouble(value), value);
      assert.equal(readDouble(Object.is(value, -0) ? '-0' : String(value)), value);
    }),
  );
  assert.equal(readDouble('1790856000042303001'), 1790856000042303000);
  for (const json of ['', ' 1', '0x10', '1_000', 'inf', '1'.repeat(2000), true, null, []]) {
    assert.equal(readDouble(json), undefined);
  }
});

test('ids: of their length or empty, all hex', () => {
  assert.deepEqual(readId('00FFabCD00112233', 8), Buffer.from('00ffabcd00112233', 'hex'));
  assert.deepEqual(readId('', 8), Buffer.alloc(0));
  for (const json of ['00', '00ffabcd0011223', '00ffabcd0011223g', '00ffabcd001122334', 5, null]) {
    assert.equal(readId(json, 8), undefined);
  }
});

test('bytes: every base64 comes back, and nothing else passes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const buffer = Buffer.from(bytes);
      assert.deepEqual(readBytes(buffer.toString('base64')), buffer);
      assert.deepEqual(readBytes(buffer.toString('base64url')), buffer);
    }),
  );
  for (const json of ['A', 'AA*A', 'AAAA AAAA', '=', 'A===', 'AA=A', 5, null]) {
    assert.equal(readBytes(json), undefined, String(json));
  }
});
