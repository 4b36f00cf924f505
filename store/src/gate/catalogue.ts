import { readFile } from 'node:fs/promises';
import type { Store } from '../store.js';

const FUNCTIONS_FILE = new URL('../../../src/gate/functions.txt', import.meta.url);

/** They make rows from their arguments alone, and the engine runs them in a read-only session. */
const TABLE_FUNCTIONS = new Set(['generateSeries', 'generate_series', 'numbers', 'numbers_mt']);

/**
 * Tables outside `default` that describe the schema or the engine, and tell nothing about who uses it. Settings are those
 * of the query's own session: its limits.
 */
const SYSTEM_TABLES = new Set([
  ...['schemata', 'tables', 'columns'].flatMap((name) => [
    `information_schema.${name}`,
    `INFORMATION_SCHEMA.${name.toUpperCase()}`,
    `INFORMATION_SCHEMA.${name}`,
  ]),
  'system.aggregate_function_combinators',
  'system.columns',
  'system.data_skipping_indices',
  'system.data_type_families',
  'system.databases',
  'system.formats',
  'system.functions',
  'system.keywords',
  'system.merges',
  'system.mutations',
  'system.numbers',
  'system.numbers_mt',
  'system.one',
  'system.parts',
  'system.parts_columns',
  'system.settings',
  'system.table_engines',
  'system.table_functions',
  'system.tables',
  'system.time_zones',
  'system.zeros',
  'system.zeros_mt',
]);

/** A name that begins with one of these is a table's, whatever else it could be. */
const OTHER_DATABASES = new Set([
  'system',
  'information_schema',
  'INFORMATION_SCHEMA',
  '_temporary_and_external_tables',
]);

/** Output formats that need no file, schema or server besides. */
const FORMATS = new Set(
  `Arrow ArrowStream BSONEachRow CSV CSVWithNames CSVWithNamesAndTypes JSON JSONColumns JSONColumnsWithMetadata
  JSONCompact JSONCompactColumns JSONCompactEachRow JSONCompactEachRowWithNames JSONCompactEachRowWithNamesAndTypes
  JSONCompactStrings JSONCompactStringsEachRow JSONCompactStringsEachRowWithNames
  JSONCompactStringsEachRowWithNamesAndTypes JSONEachRow JSONL JSONLines JSONObjectEachRow JSONStrings
  JSONStringsEachRow LineAsString Markdown MsgPack NDJSON Native Null Parquet Pretty PrettyCompact
  PrettyCompactMonoBlock PrettyCompactNoEscapes PrettyJSONEachRow PrettyMonoBlock PrettyNoEscapes PrettySpace
  PrettySpaceNoEscapes RawBLOB RowBinary RowBinaryWithNames RowBinaryWithNamesAndTypes TSKV TSV TSVRaw TSVWithNames
  TSVWithNamesAndTypes TabSeparated TabSeparatedRaw TabSeparatedWithNames TabSeparatedWithNamesAndTypes Values Vertical
  XML`.split(/\s+/),
);

/** What the engine has. */
export interface EngineNames {
  readonly functions: readonly {
    readonly name: string;
    readonly folded: boolean;
    readonly aggregate: boolean;
  }[];
  /** Suffixes of aggregate functions: `If`, `Distinct`, ... */
  readonly combinators: readonly string[];
  /** Where its tables are: `default`, but on somebody's server. */
  readonly database: string;
  /** Tables and views of it. */
  readonly tables: readonly { readonly name: string; readonly isView: boolean }[];
}

/** What people's SQL may name, among what the engine has. */
export class Catalogue {
  readonly #functions: ReadonlyMap<string, { readonly aggregate: boolean }>;
  /** Lower case to the name as registered, for functions that the engine finds in any case. */
  readonly #folded: ReadonlyMap<string, string>;
  readonly #refusedFolded: ReadonlySet<string>;
  readonly #combinators: readonly string[];
  readonly #tables: ReadonlySet<string>;
  readonly #views: ReadonlySet<string>;
  readonly #database: string;

  constructor(
    engine: EngineNames,
    private readonly allowed: ReadonlySet<string>,
  ) {
    this.#functions = new Map(engine.functions.map(({ name, aggregate }) => [name, { aggregate }]));
    this.#folded = new Map(
      engine.functions.filter(({ folded }) => folded).map(({ name }) => [name.toLowerCase(), name]),
    );
    this.#refusedFolded = new Set(
      engine.functions.filter(({ name }) => !allowed.has(name)).map(({ name }) => name.toLowerCase()),
    );
    this.#combinators = engine.combinators;
    this.#database = engine.database;
    this.#tables = new Set(engine.tables.map(({ name }) => name));
    this.#views = new Set(engine.tables.filter(({ isView }) => isView).map(({ name }) => name));
  }

  allowsFunction(name: string): boolean {
    return this.allowed.has(this.#registered(name)) || this.#allowsCombined(name);
  }

  /** `arrayMap(file, paths)`: a bare name in an argument may be a function's. */
  isRefusedFunction(name: string): boolean {
    return this.#refusedFolded.has(name.toLowerCase()) && !this.allowsFunction(name);
  }

  /** Table functions, and our own views that take parameters. */
  allowsTableFunction(name: string): boolean {
    return TABLE_FUNCTIONS.has(name) || this.#views.has(name);
  }

  /** @param name as the tree prints it: one part, or database and table */
  allowsTable(name: string): boolean {
    const prefix = `${this.#database}.`;
    const ours = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    return this.#tables.has(ours) || SYSTEM_TABLES.has(name);
  }

  /** A dotted name into a database other than ours. */
  isForeign(name: string): boolean {
    const [database = '', table] = name.split('.');
    return table !== undefined && OTHER_DATABASES.has(database);
  }

  allowsFormat(name: string): boolean {
    return FORMATS.has(name);
  }

  #registered(name: string): string {
    return this.#functions.has(name) ? name : (this.#folded.get(name.toLowerCase()) ?? name);
  }

  #allowsCombined(name: string): boolean {
    return this.#combinators.some((suffix) => {
      if (!name.endsWith(suffix)) return false;
      const base = name.slice(0, -suffix.length);
      const aggregate = this.#functions.get(this.#registered(base))?.aggregate ?? false;
      return (aggregate && this.allowsFunction(base)) || this.#allowsCombined(base);
    });
  }
}

export async function readCatalogue(store: Store): Promise<Catalogue> {
  const functions = await store.query<{ name: string; case_insensitive: number; is_aggregate: number }>(
    'SELECT name, case_insensitive, is_aggregate FROM system.functions',
  );
  const combinators = await store.query<{ name: string }>(
    'SELECT name FROM system.aggregate_function_combinators',
  );
  const tables = await store.query<{ name: string; engine: string; database: string }>(
    'SELECT name, engine, database FROM system.tables WHERE database = currentDatabase()',
  );
  const engine: EngineNames = {
    database: tables[0]?.database ?? 'default',
    functions: functions.map((row) => ({
      name: row.name,
      folded: row.case_insensitive === 1,
      aggregate: row.is_aggregate === 1,
    })),
    combinators: combinators.map(({ name }) => name),
    tables: tables.map((row) => ({ name: row.name, isView: row.engine === 'View' })),
  };
  return new Catalogue(engine, await readAllowedFunctions());
}

/** The names of `functions.txt`, syntax included. */
export async function readAllowedFunctions(): Promise<Set<string>> {
  const lines = (await readFile(FUNCTIONS_FILE, 'utf8')).split('\n');
  const named = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return new Set(named.map((line) => line.replace(/ \*$/, '')));
}
