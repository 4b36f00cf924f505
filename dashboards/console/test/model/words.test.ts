import assert from 'node:assert/strict';
import test from 'node:test';
import { CHANNEL_STATES, DIRECTION_STATES } from '@halfopen/telemetry';
import { csvOf } from '../../src/model/csv.js';
import { isNumber, resultOf } from '../../src/model/result.js';
import { age, duration, instantOf, instantText, utc } from '../../src/model/time.js';
import { count, DIRECTION_SHAPES, percent, STATE_ORDER, STATE_SHAPES } from '../../src/model/words.js';

test('every state has a shape of its own, and a place in the order', () => {
  const states = Object.keys(CHANNEL_STATES);
  assert.deepEqual(Object.keys(STATE_SHAPES).sort(), states.sort());
  assert.deepEqual([...STATE_ORDER].sort(), states.sort());
  assert.equal(new Set(Object.values(STATE_SHAPES)).size, states.length);
  assert.deepEqual(Object.keys(DIRECTION_SHAPES).sort(), Object.keys(DIRECTION_STATES).sort());
});

test('durations and ages are told in the unit that a person would say', () => {
  const told = [0.4, 18, 340, 2_500, 59_000, 130_000, 3_600_000, 11_000_000, 400_000_000].map(duration);
  assert.deepEqual(told, ['400 µs', '18 ms', '340 ms', '2.5 s', '59 s', '2 m 10 s', '1 h', '3 h 3 m', '4 d']);
  assert.deepEqual(
    [0, 99_000, 100_000, 7_200_000, 400_000_000].map((ms) => age(1e12 - ms, 1e12)),
    ['0 s', '99 s', '2 m', '2 h', '5 d'],
  );
  assert.equal(age(null, 0), '–');
  assert.equal(age(1e12 + 5_000, 1e12), '0 s', 'a clock that is ahead is not in the future');
});

test('an instant survives an address', () => {
  const at_ms = Date.UTC(2026, 9, 1, 12, 3, 10);
  assert.equal(instantText(at_ms), '2026-10-01T12:03:10Z');
  assert.equal(instantOf(instantText(at_ms)), at_ms);
  assert.equal(instantOf(String(at_ms)), at_ms);
  for (const text of [null, '', 'yesterday', '12:03']) assert.equal(instantOf(text), undefined);
  assert.equal(utc(at_ms), '2026-10-01 12:03:10.000 UTC');
});

test('percent never says certain of what is not', () => {
  assert.deepEqual([0, 0.004, 0.71, 0.996, 1].map(percent), ['0 %', '< 1 %', '71 %', '> 99 %', '100 %']);
  assert.deepEqual([count(1, 'channel'), count(2_000, 'channel')], ['1 channel', '2,000 channels']);
});

test('CSV quotes what must be, and no cell is a formula', () => {
  const text = csvOf(
    ['a', 'b'],
    [
      ['x,"y"', 'line\nbreak'],
      ['=HYPERLINK("http://x")', '-12.5'],
      ['-1+cmd', '+1'],
    ],
  );
  assert.equal(
    text,
    'a,b\r\n"x,""y""","line\nbreak"\r\n"\'=HYPERLINK(""http://x"")",-12.5\r\n\'-1+cmd,\'+1\r\n',
  );
});

test('an answer of the engine is names, types and rows', () => {
  const result = resultOf('["n","s"]\n["UInt8","String"]\n["1","a"]\n["2","b"]\n');
  assert.deepEqual(result, {
    names: ['n', 's'],
    types: ['UInt8', 'String'],
    rows: [
      ['1', 'a'],
      ['2', 'b'],
    ],
    total: 2,
  });
  assert.deepEqual(['UInt8', 'Nullable(Float64)', 'String', 'DateTime64(9)'].map(isNumber), [
    true,
    true,
    false,
    false,
  ]);
  assert.deepEqual(resultOf('').rows, []);
});
