import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { StoreError, type Store } from './store.js';

/** One file of `store/migrations/`, in the order of its number. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
  /** SHA-256 of the file, hex: a landed migration must never change. */
  readonly checksum: string;
}

const MIGRATIONS_DIR = new URL('../../migrations/', import.meta.url);

const CREATE_JOURNAL = `CREATE TABLE IF NOT EXISTS schema_migrations
(
    version UInt32 COMMENT 'number of the migration',
    name String COMMENT 'its file',
    statement UInt32 COMMENT 'statement of the file, from 0, that has been carried out',
    checksum String COMMENT 'SHA-256 of the file',
    applied_at DateTime DEFAULT now() COMMENT 'when'
)
ENGINE = MergeTree
ORDER BY (version, statement)
COMMENT 'which statements of which migrations this database has seen'`;

/** Statements end with a semicolon at the end of a line; comments stay with the statement that follows them. */
export function splitStatements(sql: string): string[] {
  return sql
    .split(/;[ \t]*(?:\r?\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replace(/^\s*--.*$/gm, '').trim() !== '');
}

export async function readMigrations(dir: URL = MIGRATIONS_DIR): Promise<Migration[]> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(new URL(file, dir), 'utf8');
      return {
        version: Number.parseInt(file, 10),
        name: file,
        statements: splitStatements(text),
        checksum: createHash('sha256').update(text).digest('hex'),
      };
    }),
  );
}

/**
 * Brings the schema up to date. Repeatable: each statement is journalled when done, so a start that was cut short goes
 * on behind its last statement. A statement that landed without its journal row (killed in between) is carried out
 * again: a CREATE finds its table, a DROP finds none, and an ALTER of settings sets them as they are.
 *
 * @returns how many statements were carried out
 * @throws StoreError `schema-newer` when the database knows a migration that this build does not, or knows another text
 */
export async function migrate(store: Store, migrations: readonly Migration[]): Promise<number> {
  await store.command(CREATE_JOURNAL);
  const done = await store.query<{ version: number; name: string; checksum: string; next: number }>(
    `SELECT version, any(name) AS name, any(checksum) AS checksum, toUInt32(max(statement) + 1) AS next
     FROM schema_migrations GROUP BY version ORDER BY version`,
  );
  for (const row of done) assertKnown(row, migrations);
  let carriedOut = 0;
  for (const migration of migrations) {
    const next = done.find((row) => row.version === migration.version)?.next ?? 0;
    for (let index = next; index < migration.statements.length; index++) {
      await carryOut(store, migration, index);
      carriedOut++;
    }
  }
  return carriedOut;
}

function assertKnown(
  row: { version: number; name: string; checksum: string },
  migrations: readonly Migration[],
): void {
  const known = migrations.find((migration) => migration.version === row.version);
  if (known?.checksum === row.checksum) return;
  const problem =
    known === undefined ? 'which this build does not have' : 'whose text in this build is another one';
  throw new StoreError(
    'schema-newer',
    `the database has seen migration ${row.name}, ${problem}: start the halfopen version that wrote this data, or a newer one`,
    false,
  );
}

async function carryOut(store: Store, migration: Migration, index: number): Promise<void> {
  const statement = migration.statements[index] ?? '';
  await store.command(repeatable(statement));
  await store.command(
    `INSERT INTO schema_migrations (version, name, statement, checksum)
     SELECT {version:UInt32}, {name:String}, {statement:UInt32}, {checksum:String}`,
    {
      params: {
        version: migration.version,
        name: migration.name,
        statement: index,
        checksum: migration.checksum,
      },
    },
  );
}

/** The statement may have landed just before a crash, without its journal row: it must not fail then. */
function repeatable(statement: string): string {
  return statement
    .replace(/\bCREATE (TABLE|VIEW|MATERIALIZED VIEW) (?!IF )/, 'CREATE $1 IF NOT EXISTS ')
    .replace(/\bDROP (TABLE|VIEW) (?!IF )/, 'DROP $1 IF EXISTS ');
}
