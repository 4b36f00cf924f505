import assert from 'node:assert/strict';
import test from 'node:test';
import { withLiterals } from '../src/sql-text.js';
import { temporaryStore } from './temporary-store.js';

test('values written into the text are what they are when bound, whatever is in them', async (t) => {
  const store = await temporaryStore(t);
  const hostile = [
    "it's",
    'a \\ and a \\n that is none',
    'tab\tnewline\nreturn\r',
    '{other:String} and {"json": [1, "\\u0000"]}',
    "'); DROP TABLE frames; --",
    'ünïcode 😀',
    '',
  ];
  for (const text of hostile) {
    const params = {
      text,
      other: 'another',
      list: [text, 'second'],
      number: 7,
      at: '2026-10-01 12:00:00.125',
    };
    const sql = `SELECT {text:String} AS text, {other:String} AS other, {list:Array(String)} AS list,
      {number:UInt32} AS number, {at:DateTime64(3)} AS at, toTypeName(list) AS type`;
    const bound = await store.query(sql, { params });
    assert.deepEqual(await store.query(withLiterals(sql, params)), bound);
    assert.deepEqual((bound[0] as { text: string }).text, text);
  }
  assert.deepEqual(await store.query(withLiterals('SELECT {n:Nullable(String)} AS n', { n: null })), [
    { n: null },
  ]);
  assert.throws(() => withLiterals('SELECT {o:String}', { o: {} }), /no literal/);
});
