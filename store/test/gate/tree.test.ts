import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readTree, walk } from '../../src/gate/tree.js';

const PRINTED = `SelectWithUnionQuery (children 2)
 ExpressionList (children 1)
  SelectQuery (children 1)
   ExpressionList (children 3)
    Function plus (alias a (b)) (children 1)
     ExpressionList (children 2)
      Identifier t.x
      Literal 'it (alias y) (children 3)'
    Asterisk
    Function now (children 1)
     ExpressionList
 Identifier JSON
`;

test('the printed tree is read whole: kinds, details without aliases, parents', () => {
  const root = readTree(PRINTED);
  assert.ok(root !== undefined);
  const nodes = [...walk(root)].map(({ kind, detail, parent }) => `${kind}|${detail}|${parent?.kind ?? ''}`);
  assert.deepEqual(
    nodes.sort(),
    [
      'Asterisk||ExpressionList',
      'ExpressionList||Function',
      'ExpressionList||Function',
      'ExpressionList||SelectQuery',
      'ExpressionList||SelectWithUnionQuery',
      'Function|now|ExpressionList',
      'Function|plus|ExpressionList',
      'Identifier|JSON|SelectWithUnionQuery',
      "Literal|'it (alias y) (children 3)'|ExpressionList",
      'SelectQuery||ExpressionList',
      'SelectWithUnionQuery||',
      'Identifier|t.x|ExpressionList',
    ].sort(),
  );
});

test('what is not a whole tree is not read as a smaller one', () => {
  const lines = PRINTED.trimEnd().split('\n');
  for (const text of [
    '',
    '\n',
    lines.slice(0, -1).join('\n'),
    lines.slice(1).join('\n'),
    [...lines, ' Identifier CSV'].join('\n'),
    [...lines, 'SelectWithUnionQuery'].join('\n'),
    lines.map((line, i) => (i === 4 ? `  ${line}` : line)).join('\n'),
  ]) {
    assert.equal(readTree(text), undefined, JSON.stringify(text));
  }
});

test('without any one of its lines a tree is not read', () => {
  const lines = PRINTED.trimEnd().split('\n');
  fc.assert(
    fc.property(fc.nat({ max: lines.length - 1 }), (missing) => {
      assert.equal(readTree(lines.filter((_, i) => i !== missing).join('\n')), undefined);
    }),
  );
});
