import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type TestContext } from 'node:test';
import { EmbeddedStore, StoreError, type QueryOptions, type RowBatch, type Store } from '../src/index.js';
import { loadEngine } from '../src/engine.js';
import { migrate, readMigrations, splitStatements, type Migration } from '../src/migrate.js';
import { counts, ONCE, oneOfEach, TWICE } from './one-of-each.js';
import { spansBatch } from './spans.js';
import { temporaryDir } from './temporary-store.js';

/** An engine that no migration has seen. */
async function emptyStore(t: TestContext): Promise<EmbeddedStore> {
  const path = await mkdtemp(join(tmpdir(), 'halfopen-store-'));
  const staging = join(path, 'staging');
  await mkdir(staging);
  const store = new EmbeddedStore(await loadEngine(), path, staging);
  t.after(async () => {
    await store.close();
    await rm(path, { recursive: true, force: true });
  });
  return store;
}

/** The process dies as soon as so many statements have landed. */
class DyingStore implements Store {
  constructor(
    private readonly store: Store,
    private commandsLeft: number,
  ) {}

  async command(sql: string, options?: QueryOptions): Promise<void> {
    await this.store.command(sql, options);
    if (--this.commandsLeft === 0) throw new Error('died');
  }
  query<Row>(sql: string, options?: QueryOptions): Promise<Row[]> {
    return this.store.query(sql, options);
  }
  insert(batch: RowBatch, token: string): Promise<void> {
    return this.store.insert(batch, token);
  }
  close(): Promise<void> {
    return this.store.close();
  }
}

interface TableRow {
  readonly name: string;
  readonly definition: string;
}

function schemaOf(store: Store, which = 'true'): Promise<TableRow[]> {
  return store.query<TableRow>(
    `SELECT name, create_table_query AS definition FROM system.tables
     WHERE database = 'default' AND ${which} ORDER BY name`,
  );
}

/** How many tables and views the statements leave. */
function created(statements: readonly string[]): number {
  const count = (first: RegExp) => statements.filter((statement) => first.test(statement)).length;
  return count(/^CREATE /m) - count(/^DROP /m);
}

test('a fresh start lays the schema, a second one finds nothing to do', async (t) => {
  const store = await emptyStore(t);
  const migrations = await readMigrations();
  const statements = migrations.flatMap((migration) => migration.statements);
  assert.equal(await migrate(store, migrations), statements.length);
  const schema = await schemaOf(store);
  assert.equal(schema.length, created(statements) + 1, 'what the statements leave, and the journal');
  assert.equal(await migrate(store, migrations), 0);
  assert.deepEqual(await schemaOf(store), schema);
});

test('a start that was cut short behind any statement is gone on with', async (t) => {
  const store = await emptyStore(t);
  const migrations = await readMigrations();
  const statements = migrations.flatMap((migration) => migration.statements);
  for (const statement of statements) {
    // First behind the statement, without its row in the journal; then behind that row.
    for (const commands of ['journal, statement', 'journal, statement, row']) {
      const dying = new DyingStore(store, commands.split(', ').length);
      await assert.rejects(migrate(dying, migrations), /died/, statement);
    }
  }
  assert.equal(await migrate(store, migrations), 0);
  assert.equal((await schemaOf(store)).length, created(statements) + 1);
});

test('a database with data keeps it, and takes new rows once', async (t) => {
  const store = await emptyStore(t);
  const migrations = await readMigrations();
  await migrate(
    store,
    migrations.filter(({ version }) => version <= 5),
  );
  await store.insert(spansBatch(oneOfEach('aa')), 'topic-0-0-6');
  await migrate(store, migrations);
  assert.deepEqual(await counts(store), ONCE);
  const batch = spansBatch(oneOfEach('bb'));
  await store.insert(batch, 'topic-0-6-12');
  await store.insert(batch, 'topic-0-6-12');
  assert.deepEqual(await counts(store), TWICE);
  // Parts of before and after, whatever differs in how they are written.
  for (const { name } of await schemaOf(store, "engine LIKE '%MergeTree'"))
    await store.command(`OPTIMIZE TABLE ${name} FINAL`);
  assert.deepEqual(await counts(store), TWICE);
});

test('data of another build is refused: an unknown migration, or another text of a known one', async (t) => {
  const store = await emptyStore(t);
  const first: Migration = {
    version: 1,
    name: '0001-a.sql',
    statements: ['CREATE TABLE a (x UInt8) ENGINE = Memory'],
    checksum: 'aa',
  };
  const second: Migration = { ...first, version: 2, name: '0002-b.sql', statements: [], checksum: 'bb' };
  await migrate(store, [first]);
  const isNewer = (error: unknown) =>
    error instanceof StoreError && error.code === 'schema-newer' && error.message.includes('0001-a.sql');
  await assert.rejects(migrate(store, [{ ...first, checksum: 'cc' }]), isNewer);
  await assert.rejects(migrate(store, [second]), isNewer);
  assert.equal(await migrate(store, [first, second]), 0);
});

test('statements end with a semicolon at the end of a line, and nowhere else', () => {
  const sql = `-- what; it is
CREATE TABLE a (x String COMMENT 'a; b') -- and why;not
ENGINE = Memory;

-- nothing follows this
SELECT ';';\r
-- nor this;
`;
  assert.deepEqual(splitStatements(sql), [
    "-- what; it is\nCREATE TABLE a (x String COMMENT 'a; b') -- and why;not\nENGINE = Memory",
    "-- nothing follows this\nSELECT ';'",
  ]);
});

test('files are read in the order of their numbers, and only SQL is', async (t) => {
  const dir = await temporaryDir(t);
  await writeFile(join(dir, '0002-b.sql'), 'SELECT 2;\n');
  await writeFile(join(dir, '0001-a.sql'), 'SELECT 1;\nSELECT 1;\n');
  await writeFile(join(dir, 'README.md'), 'no SQL');
  const migrations = await readMigrations(pathToFileURL(`${dir}/`));
  assert.deepEqual(
    migrations.map(({ version, name, statements }) => ({ version, name, statements: statements.length })),
    [
      { version: 1, name: '0001-a.sql', statements: 2 },
      { version: 2, name: '0002-b.sql', statements: 1 },
    ],
  );
});

/** Numbers given to work that has not landed. A statement of theirs must not need what a later number brings. */
const GIVEN_OUT: readonly number[] = [];

test('numbers of migrations are used once, from 1, without gaps', async () => {
  const landed = (await readMigrations()).map(({ version }) => version);
  const versions = [...landed, ...GIVEN_OUT.filter((version) => !landed.includes(version))].sort(
    (a, b) => a - b,
  );
  assert.deepEqual(
    versions,
    versions.map((_, index) => index + 1),
  );
});
