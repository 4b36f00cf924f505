import type { Session } from 'chdb';
import { bindParameters, parametersOf } from './canonical.js';
import type { Catalogue } from './catalogue.js';
import { fromEngine, PeopleSqlError } from './error.js';
import { judge, refuseSettings } from './judge.js';
import { readTree } from './tree.js';

/** A statement that may run. */
export interface Admitted {
  /** Canonical, parameters bound: this text was judged, and no other may run. */
  readonly text: string;
  /** Of its FORMAT clause. */
  readonly format: string | undefined;
}

/**
 * The gate. The engine's own parser reads the text (nothing of it runs) and writes it anew, in one line: comments,
 * quoting and escapes are gone, and it is one statement. Of that text it prints the syntax tree, and on the tree we
 * decide.
 *
 * @throws PeopleSqlError if it may not run, or is no statement
 */
export async function admit(
  session: Session,
  sql: string,
  params: ReadonlyMap<string, string>,
  catalogue: Catalogue,
): Promise<Admitted> {
  const text = await canonicalWithParameters(session, sql, params);
  const tree = readTree(await explainTree(session, text));
  if (tree === undefined) throw new PeopleSqlError('statement-refused', 'its syntax tree cannot be read');
  const verdict = judge(text, tree, catalogue);
  if (!verdict.pass) throw new PeopleSqlError(verdict.code, verdict.message);
  return { text, format: verdict.format };
}

async function canonicalWithParameters(
  session: Session,
  sql: string,
  params: ReadonlyMap<string, string>,
): Promise<string> {
  const canonical = await canonicalText(session, sql);
  const wanted = parametersOf(canonical);
  if (wanted.length === 0) return canonical;
  for (const { name, type } of wanted) {
    if (!params.has(name)) {
      throw new PeopleSqlError('parameter-refused', `the parameter {${name}:${type}} has no value`);
    }
    if (type === 'Identifier') {
      throw new PeopleSqlError(
        'parameter-refused',
        `the parameter {${name}:${type}} must be a value, not a name`,
      );
    }
  }
  // Written anew by the engine: nothing rests on our having quoted the values rightly.
  return canonicalText(session, bindParameters(canonical, params));
}

/**
 * The text reaches the parser in hex, which cannot end the literal that it stands in. (chdb lets one statement with
 * bound parameters run at a time in the whole process, so a bound text would wait for inserts.)
 */
async function canonicalText(session: Session, sql: string): Promise<string> {
  const hex = Buffer.from(sql).toString('hex');
  const query = `SELECT formatQuerySingleLine(unhex('${hex}'))`;
  return (await ask(session, query, 'RawBLOB')).text();
}

async function explainTree(session: Session, canonical: string): Promise<string> {
  try {
    return (await ask(session, `EXPLAIN AST ${canonical}`, 'TSVRaw')).text();
  } catch (error) {
    // The session is read-only, so before it prints the tree the engine refuses the settings that it finds there.
    const fixedSettings = error instanceof PeopleSqlError && error.code === 'statement-refused';
    if (fixedSettings)
      throw new PeopleSqlError('settings-refused', refuseSettings().message, { cause: error });
    throw error;
  }
}

/** @throws PeopleSqlError what the engine threw */
export async function ask(session: Session, sql: string, format: string) {
  try {
    return await session.queryAsync(sql, { format });
  } catch (error) {
    throw fromEngine(error);
  }
}
