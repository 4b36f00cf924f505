import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ask } from '../../src/gate/admit.js';
import {
  bindParameters,
  commonTableExpressions,
  parametersOf,
  unprintableName,
} from '../../src/gate/canonical.js';
import { temporaryStore } from '../temporary-store.js';

test('parameters are found outside of quotes only', () => {
  const canonical = "SELECT {a:UInt8}, '{b:UInt8} \\' {c:UInt8}', `{d:UInt8}`, {e:Enum8('x' = 1)}";
  assert.deepEqual(parametersOf(canonical), [
    { name: 'a', type: 'UInt8' },
    { name: 'e', type: "Enum8('x' = 1)" },
  ]);
  assert.equal(
    bindParameters(canonical, new Map(Object.entries({ a: '1', b: '2', d: '3', e: "x'" }))),
    "SELECT _CAST('1', 'UInt8'), '{b:UInt8} \\' {c:UInt8}', `{d:UInt8}`, _CAST('x\\'', 'Enum8(\\'x\\' = 1)')",
  );
});

test('a bound value stays one literal, whatever it holds', async (t) => {
  const store = await temporaryStore(t);
  const session = store.openReadOnlySession({});
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 30 }), async (value) => {
      const answer = await ask(
        session,
        bindParameters('SELECT hex({v:String})', new Map([['v', value]])),
        'RawBLOB',
      );
      assert.equal(answer.text().toLowerCase(), Buffer.from(value).toString('hex'));
    }),
  );
  session.close();
});

test('names that could forge a line of the tree are found', () => {
  assert.equal(unprintableName("SELECT 'a\\nb' AS `plain name (x)`, `größe`"), undefined);
  assert.equal(unprintableName('SELECT 1 AS `a\\nb`'), '`a\\nb`');
  assert.equal(unprintableName('SELECT 1 AS `a\\`b`'), '`a\\`b`');
});

test('subqueries named by WITH are found, quoted or not, and not in strings', () => {
  const canonical =
    "WITH a AS (SELECT 'x AS (SELECT 1)'), `b c` AS (SELECT 1), 1 AS d, e AS MATERIALIZED (SELECT 1), f (x, `y z`) AS (SELECT 1, 2) SELECT * FROM a";
  assert.deepEqual(commonTableExpressions(canonical), new Set(['a', 'b c', 'e', 'f']));
});
