import { bindParameters, parametersOf, unescapedValue, withoutFormatClause } from './canonical.js';
import type { Catalogue } from './catalogue.js';
import { fromEngine, PeopleSqlError } from './error.js';
import { judge, refuseSettings } from './judge.js';
import type { ReadSession } from './session.js';
import { readTree } from './tree.js';

/** A statement that may run. */
export interface Admitted {
  /** Canonical, parameters bound, without its FORMAT clause: this text was judged, and no other may run. */
  readonly text: string;
  /** Of its FORMAT clause. */
  readonly format: string | undefined;
  /** A SELECT may have a long answer, and takes INTO OUTFILE; some of the other statements ignore it. */
  readonly isSelect: boolean;
}

export interface Parameters {
  readonly values: ReadonlyMap<string, string>;
  /** They come as ClickHouse's HTTP clients send them. */
  readonly escaped: boolean;
}

/**
 * The gate. The engine's own parser reads the text (nothing of it runs) and writes it anew, in one line: comments,
 * quoting and escapes are gone, and it is one statement. Of that text it prints the syntax tree, and on the tree we
 * decide.
 *
 * @throws PeopleSqlError if it may not run, or is no statement
 */
export async function admit(
  session: ReadSession,
  sql: string,
  params: Parameters,
  catalogue: Catalogue,
): Promise<Admitted> {
  const text = await canonicalWithParameters(session, sql, params);
  const tree = readTree(await explainTree(session, text));
  if (tree === undefined) throw new PeopleSqlError('statement-refused', 'its syntax tree cannot be read');
  const verdict = judge(text, tree, catalogue);
  if (!verdict.pass) throw new PeopleSqlError(verdict.code, verdict.message);
  const isSelect = tree.kind.startsWith('Select');
  if (verdict.format === undefined) return { text, format: undefined, isSelect };
  const bare = withoutFormatClause(text);
  if (bare === undefined) throw new PeopleSqlError('statement-refused', 'FORMAT must come last');
  return { text: bare, format: verdict.format, isSelect };
}

async function canonicalWithParameters(
  session: ReadSession,
  sql: string,
  params: Parameters,
): Promise<string> {
  const canonical = await canonicalText(session, sql);
  const wanted = parametersOf(canonical);
  if (wanted.length === 0) return canonical;
  const values = new Map<string, string | null>();
  for (const { name, type } of wanted) {
    const value = params.values.get(name);
    if (value === undefined) {
      throw new PeopleSqlError('parameter-refused', `the parameter {${name}:${type}} has no value`);
    }
    if (type === 'Identifier') {
      throw new PeopleSqlError(
        'parameter-refused',
        `the parameter {${name}:${type}} must be a value, not a name`,
      );
    }
    values.set(name, params.escaped ? unescapedValue(value, type) : value);
  }
  // Written anew by the engine: nothing rests on our having quoted the values rightly.
  return canonicalText(session, bindParameters(canonical, values));
}

/**
 * The text reaches the parser in hex, which cannot end the literal that it stands in. (chdb lets one statement with
 * bound parameters run at a time in the whole process, so a bound text would wait for inserts.)
 */
async function canonicalText(session: ReadSession, sql: string): Promise<string> {
  const hex = Buffer.from(sql).toString('hex');
  const query = `SELECT formatQuerySingleLine(unhex('${hex}'))`;
  return (await ask(session, query, 'RawBLOB')).text();
}

async function explainTree(session: ReadSession, canonical: string): Promise<string> {
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
export async function ask(session: ReadSession, sql: string, format: string) {
  try {
    return await session.queryAsync(sql, { format });
  } catch (error) {
    throw fromEngine(error);
  }
}
