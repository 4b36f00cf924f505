import assert from 'node:assert/strict';
import test from 'node:test';
import { Catalogue } from '../../src/gate/catalogue.js';
import { judge } from '../../src/gate/judge.js';
import { readTree } from '../../src/gate/tree.js';

const CATALOGUE = new Catalogue(
  {
    functions: [
      { name: 'file', folded: false, aggregate: false },
      { name: 'now', folded: true, aggregate: false },
    ],
    database: 'default',
    combinators: [],
    tables: [{ name: 'frames', isView: false }],
  },
  new Set(['now']),
);

function verdictOn(lines: readonly string[], separator = '\n'): string {
  const tree = readTree(lines.join(separator));
  assert.ok(tree !== undefined);
  const verdict = judge('SELECT of no interest', tree, CATALOGUE);
  return verdict.pass ? `pass ${verdict.format ?? ''}` : verdict.code;
}

function select(...expression: string[]): string[] {
  return [
    'SelectWithUnionQuery (children 1)',
    ' ExpressionList (children 1)',
    '  SelectQuery (children 1)',
    '   ExpressionList (children 1)',
    ...expression.map((line) => `    ${line}`),
  ];
}

test('a tree passes on what it names', () => {
  assert.equal(verdictOn(select('Function NOW (children 1)', ' ExpressionList')), 'pass ');
  assert.equal(verdictOn(select('Function file (children 1)', ' ExpressionList')), 'function-refused');
  assert.equal(verdictOn(select('TableIdentifier default.frames')), 'pass ');
  assert.equal(verdictOn(select('TableIdentifier other.frames')), 'table-refused');
});

test('a node that nobody has thought of is refused', () => {
  assert.equal(verdictOn(select('NodeOfALaterEngine')), 'statement-refused');
});

test('a tree that lost its line breaks is no SELECT of nothing', () => {
  const lines = select('Function file (children 1)', ' ExpressionList');
  assert.equal(verdictOn([...lines, ' Identifier JSON'], ''), 'statement-refused');
});

test('the only name beside the query is its format', () => {
  const [root = '', ...rest] = select('Literal 1');
  const twoMore = root.replace('1', '3');
  assert.equal(verdictOn([root.replace('1', '2'), ...rest, ' Identifier JSON']), 'pass JSON');
  assert.equal(verdictOn([root.replace('1', '2'), ...rest, " Literal 'path'"]), 'statement-refused');
  assert.equal(verdictOn([twoMore, ...rest, " Literal 'path'", ' Identifier JSON']), 'statement-refused');
});
