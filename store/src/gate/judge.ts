import { commonTableExpressions, unprintableName } from './canonical.js';
import type { Catalogue } from './catalogue.js';
import type { PeopleSqlErrorCode } from './error.js';
import { walk, type TreeNode } from './tree.js';

export type Verdict =
  /** `format` is that of a FORMAT clause, if there is one. */
  | { readonly pass: true; readonly format: string | undefined }
  | { readonly pass: false; readonly code: PeopleSqlErrorCode; readonly message: string };

type Refusal = Extract<Verdict, { pass: false }>;

/** What SELECT, DESCRIBE and EXPLAIN are made of. Any other node is refused, known or not. */
const NODES_CHECKED_BY_NAME = ['Function', 'Identifier', 'Set', 'TableIdentifier'];
const NODES_HARMLESS_BY_THEMSELVES = [
  'ArrayJoin',
  'Asterisk',
  'ColumnsExceptTransformer',
  'ColumnsListMatcher',
  'ColumnsRegexpMatcher',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'ColumnsTransformerList',
  'ExpressionList',
  'InterpolateElement',
  'Literal',
  'OrderByElement',
  'QualifiedAsterisk',
  'QualifiedColumnsListMatcher',
  'QualifiedColumnsRegexpMatcher',
  'SampleRatio',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'SelectWithUnionQuery',
  'Subquery',
  'TableExpression',
  'TableJoin',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'WindowDefinition',
  'WindowListElement',
  'WithElement',
];
const NODES = new Set([...NODES_CHECKED_BY_NAME, ...NODES_HARMLESS_BY_THEMSELVES]);

const ROOTS = new Set(['DescribeQuery', 'Explain', 'SelectIntersectExceptQuery', 'SelectWithUnionQuery']);

/**
 * Statements whose tree shows too little of them (`SHOW TABLES WHERE f(x)` prints no WHERE), so they are taken in
 * these forms only. Names are plain: the engine writes some of them into SQL of its own.
 */
const LIKE = `(?: (?:NOT )?I?LIKE '[^'\\\\]*')?(?: LIMIT \\d+)?`;
const PLAIN_STATEMENT = new RegExp(
  `^(?:${[
    `SHOW DATABASES${LIKE}`,
    `SHOW TABLES(?: FROM \\w+)?${LIKE}`,
    `SHOW COLUMNS FROM \\w+(?: FROM \\w+)?${LIKE}`,
    'SHOW CREATE (?:TABLE|VIEW) (?:\\w+\\.)?\\w+',
    'EXISTS (?:TABLE|VIEW) (?:\\w+\\.)?\\w+',
    'EXISTS DATABASE \\w+',
  ].join('|')})(?: FORMAT (\\w+|\`Null\`))?$`,
);

const IN_FUNCTIONS = /^(?:global)?(?:not)?(?:null)?in(?:ignoreset)?$/i;
const CAST_FUNCTIONS = /^(?:_cast|cast|accuratecast|accuratecastornull|accuratecastordefault|reinterpret)$/i;
const AGGREGATE_STATE_TYPE = /(?<!Simple)AggregateFunction\(/;

/**
 * May this run? Decides on the engine's own reading of it, nothing is matched in the text as it was written.
 *
 * @param canonical the statement as the engine's formatter writes it in one line, parameters bound
 * @param tree its syntax tree
 */
export function judge(canonical: string, tree: TreeNode, catalogue: Catalogue): Verdict {
  const name = unprintableName(canonical);
  if (name !== undefined) {
    return refuse(
      'statement-refused',
      `the name ${name} holds a control character, a quote or a backslash: give it another`,
    );
  }
  return ROOTS.has(tree.kind)
    ? judgeTree(tree, catalogue, commonTableExpressions(canonical))
    : judgePlain(canonical, catalogue);
}

function judgePlain(canonical: string, catalogue: Catalogue): Verdict {
  const form = PLAIN_STATEMENT.exec(canonical);
  if (form !== null) return judgeFormat(form[1]?.replaceAll('`', ''), catalogue);
  return refuse(
    'statement-refused',
    `${firstWords(canonical)} is not allowed here: SELECT, WITH, DESCRIBE, EXPLAIN of a SELECT, EXISTS, and SHOW DATABASES, TABLES, COLUMNS or CREATE TABLE, with plain names and LIKE but no WHERE, are`,
  );
}

function judgeTree(root: TreeNode, catalogue: Catalogue, subqueries: ReadonlySet<string>): Verdict {
  if (root.children.length === 0) return refuseNode(root);
  if (root.children.some(({ kind }) => kind === 'Literal')) {
    return refuse('statement-refused', 'INTO OUTFILE is not allowed here: the answer comes back to you');
  }
  if (root.kind === 'Explain' && !root.children.some(({ kind }) => ROOTS.has(kind))) {
    return refuse('statement-refused', `${root.detail} is not allowed here: EXPLAIN of a SELECT is`);
  }
  for (const node of walk(root)) {
    const refusal = node === root ? undefined : judgeNode(node, root, catalogue, subqueries);
    if (refusal !== undefined) return refusal;
  }
  return judgeFormat(formatClause(root)?.detail, catalogue);
}

function judgeNode(
  node: TreeNode,
  root: TreeNode,
  catalogue: Catalogue,
  subqueries: ReadonlySet<string>,
): Refusal | undefined {
  if (!NODES.has(node.kind)) return refuseNode(node);
  switch (node.kind) {
    case 'Function':
      return judgeFunction(node, catalogue);
    case 'TableIdentifier':
      return catalogue.allowsTable(node.detail) || subqueries.has(node.detail)
        ? undefined
        : refuseTable(node.detail);
    case 'Identifier':
      return node === formatClause(root) ? undefined : judgeIdentifier(node, catalogue);
    case 'Set':
      return node.parent?.kind === 'Explain' ? undefined : refuseSettings();
    default:
      return undefined;
  }
}

function judgeFunction(node: TreeNode, catalogue: Catalogue): Refusal | undefined {
  if (node.parent?.kind === 'TableExpression') {
    return catalogue.allowsTableFunction(node.detail) ? undefined : refuseTableFunction(node.detail);
  }
  if (!catalogue.allowsFunction(node.detail)) return refuseFunction(node.detail);
  const [, second] = node.children[0]?.children ?? [];
  if (CAST_FUNCTIONS.test(node.detail) && !isPlainType(second)) return refuseAggregateState();
  // `x IN name` reads the table of that name, and `default` finds files by their path.
  if (IN_FUNCTIONS.test(node.detail) && second?.kind === 'Identifier' && !/^[\w.]+$/.test(second.detail)) {
    return refuseTable(second.detail);
  }
  return undefined;
}

function isPlainType(node: TreeNode | undefined): boolean {
  return node?.kind === 'Literal' && !AGGREGATE_STATE_TYPE.test(node.detail);
}

function judgeIdentifier(node: TreeNode, catalogue: Catalogue): Refusal | undefined {
  const { detail } = node;
  if (catalogue.isRefusedFunction(detail)) return refuseFunction(detail);
  const table = detail.split('.').slice(0, 2).join('.');
  return catalogue.isForeign(detail) && !catalogue.allowsTable(table) ? refuseTable(table) : undefined;
}

function judgeFormat(format: string | undefined, catalogue: Catalogue): Verdict {
  return format === undefined || catalogue.allowsFormat(format)
    ? { pass: true, format }
    : refuseFormat(format);
}

/** The only name that a statement holds directly is that of its output format. */
function formatClause(root: TreeNode): TreeNode | undefined {
  return root.children.find(({ kind }) => kind === 'Identifier');
}

function firstWords(canonical: string): string {
  return canonical
    .split(/[^A-Z]+/i, 2)
    .join(' ')
    .trim()
    .slice(0, 40);
}

function refuse(code: PeopleSqlErrorCode, message: string): Refusal {
  return { pass: false, code, message };
}

export function refuseFormat(name: string): Refusal {
  return refuse(
    'format-refused',
    `format ${name} is not allowed here: JSON, JSONEachRow, CSV, TSV, Pretty, Native, RowBinary, Arrow, Parquet and their kin are`,
  );
}

export function refuseSettings(): Refusal {
  return refuse(
    'settings-refused',
    'SETTINGS are fixed for queries written by people: leave the clause out (a lower time limit can be given with the request)',
  );
}

function refuseNode({ kind, detail }: TreeNode): Refusal {
  return kind === 'ColumnsApplyTransformer'
    ? refuse('statement-refused', 'APPLY is not allowed here: call the function on each column instead')
    : refuse('statement-refused', `${kind} ${detail} is not allowed here: only what a SELECT is made of is`);
}

function refuseTable(name: string): Refusal {
  return refuse(
    'table-refused',
    `there is no table ${name} to read here: SHOW TABLES lists ours, and those of system that describe the schema (tables, columns, functions, parts, ...) are open too`,
  );
}

function refuseFunction(name: string): Refusal {
  return refuse(
    'function-refused',
    `function ${name} is not allowed here: functions of values and aggregates are, not those that reach files, networks, other tables, settings or the process. A column of this name needs another alias`,
  );
}

function refuseTableFunction(name: string): Refusal {
  return refuse(
    'function-refused',
    `table function ${name} is not allowed here: numbers, generate_series and our own views with parameters are`,
  );
}

function refuseAggregateState(): Refusal {
  return refuse(
    'function-refused',
    'a type in a cast must be written out, and states of aggregate functions cannot be made from text',
  );
}
