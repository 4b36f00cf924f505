/** A node of the engine's syntax tree, as `EXPLAIN AST` prints it. */
export interface TreeNode {
  /** `Function`, `TableIdentifier`, `SelectQuery`, ... */
  readonly kind: string;
  /** What follows the kind: a function's name, a dotted identifier, a literal's text; without its alias. */
  readonly detail: string;
  readonly parent: TreeNode | undefined;
  readonly children: TreeNode[];
}

/**
 * Reads the text of `EXPLAIN AST`: one node a line, one space deeper for each level, each with the number of its
 * children. Undefined if the text is anything else, a missing or a surplus child included: what could not be read must
 * not pass for empty.
 */
export function readTree(text: string): TreeNode | undefined {
  /** The node last seen at each depth. */
  const path: TreeNode[] = [];
  const childrenAnnounced = new Map<TreeNode, number>();
  for (const line of text.trimEnd().split('\n')) {
    const { depth, kind, detail, children } = readLine(line);
    if (kind === '' || depth > path.length || (depth === 0 && path.length > 0)) return undefined;
    const parent = path[depth - 1];
    const node: TreeNode = { kind, detail, parent, children: [] };
    childrenAnnounced.set(node, children);
    parent?.children.push(node);
    path.length = depth;
    path.push(node);
  }
  const isWhole = [...childrenAnnounced].every(([node, announced]) => node.children.length === announced);
  return isWhole ? path[0] : undefined;
}

/** In time linear in the line's length: a literal may have the length of the whole query, and anything in it. */
function readLine(line: string) {
  const depth = line.search(/[^ ]|$/);
  const children = / \(children (\d+)\)$/.exec(line);
  const node = line.slice(depth, children?.index);
  const [kind = ''] = node.split(' ', 1);
  // A literal is quoted and could hold what looks like an alias; nobody asks for its own.
  const end = kind === 'Literal' ? -1 : node.indexOf(' (alias ');
  const detail = node.slice(kind.length + 1, end === -1 ? undefined : end);
  return { depth, kind, detail, children: Number(children?.[1] ?? 0) };
}

/** The node and everything below it, in no order that matters. */
export function* walk(root: TreeNode): Generator<TreeNode> {
  const left = [root];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    yield node;
    left.push(...node.children);
  }
}
