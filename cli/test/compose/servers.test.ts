import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { panelQueries } from '@halfopen/grafana';
import { Session } from 'chdb';
import { parse } from 'yaml';
import { afterwards } from '../afterwards.js';
import { ROOT } from '../docs/pages.js';
import { temporaryFolder } from '../halfopen.js';
import { makeSecrets } from './deployment.js';
import { composeProject, service } from './project.js';

const run = promisify(execFile);

interface User {
  readonly profile?: string;
  readonly password_sha256_hex?: string;
  readonly grants?: { readonly query: readonly string[] };
}
interface Profile {
  readonly [setting: string]: unknown;
  readonly constraints: Readonly<Record<string, { readonly min: string; readonly max: string }>>;
}
interface Users {
  readonly profiles?: Readonly<Record<string, Profile>>;
  readonly users: Readonly<Record<string, User>>;
}

/** Python has a strict parser, and the tests need Python anyway. */
const XML_AS_JSON = `
import json, sys
import xml.etree.ElementTree as tree

def read(node):
    if len(node) == 0:
        return (node.text or '').strip()
    if node.tag == 'grants':
        return {'query': [read(child) for child in node]}
    return {child.tag: read(child) for child in node}

print(json.dumps(read(tree.parse(sys.argv[1]).getroot())))
`;

async function users(file: string): Promise<Users> {
  const { stdout } = await run('python3', ['-c', XML_AS_JSON, file]);
  return JSON.parse(stdout) as Users;
}

const FILE = join(ROOT, 'deploy', 'compose', 'clickhouse-users.xml');
const { profiles = {}, users: known } = await users(FILE);
const { constraints = {}, ...settings } = profiles['halfopen_reader'] ?? ({} as Partial<Profile>);
/** Of one query: the data source's time-out and what it adds (shared/clickhouse-http.md). */
const ASKED_SECONDS = 64;

test('the users are those whom ours and Grafana name, each with a password, and nobody else', async (t) => {
  const secrets = join(await temporaryFolder(t), 'secrets');
  await makeSecrets(secrets);
  const { users: passwords } = await users(join(secrets, 'clickhouse-passwords.xml'));
  const { default: removed, ...kept } = known;
  assert.equal(removed, '', 'the user that everybody knows is removed');
  assert.match(await readFile(FILE, 'utf8'), /<default remove="remove"\s*\/>/);
  assert.deepEqual(Object.keys(kept).sort(), Object.keys(passwords).sort());
  for (const [name, { password_sha256_hex: hash = '' }] of Object.entries(passwords)) {
    const { stdout } = await run('sha256sum', [join(secrets, `clickhouse-${name}`)]);
    assert.equal(hash, stdout.split(' ')[0], name);
  }
  const config = parse(await readFile(join(ROOT, 'deploy/compose/halfopen.yaml'), 'utf8')) as {
    clickhouse: { username: string };
  };
  const command = service(await composeProject(), 'dashboards').command ?? [];
  const reader = command.find((word) => word.startsWith('--username='))?.slice('--username='.length);
  assert.deepEqual([config.clickhouse.username, reader].sort(), Object.keys(kept).sort());
  assert.equal(kept[reader ?? '']?.profile, 'halfopen_reader');
});

test('the engine takes the reader’s limits, and they let it read, within them, and nothing else', async (t) => {
  const path = join(await temporaryFolder(t), 'engine');
  const owner = new Session(path);
  afterwards(t, () => {
    owner.close();
  });
  owner.query('CREATE TABLE numbers_kept (n UInt64) ENGINE = MergeTree ORDER BY n');
  const connectionArgs = Object.entries(settings).map(([name, value]) => `--${name}=${String(value)}`);
  assert.ok(connectionArgs.includes('--readonly=2'), connectionArgs.join());
  const reader = new Session(path, { connectionArgs });
  afterwards(t, () => {
    reader.close();
  });
  const query = `SELECT count() FROM numbers_kept SETTINGS max_execution_time = ${ASKED_SECONDS}`;
  assert.equal(reader.query(query, 'TSVRaw').trim(), '0');
  assert.throws(() => reader.query('INSERT INTO numbers_kept VALUES (1)'), /readonly/i);
  assert.throws(() => reader.query('DROP TABLE numbers_kept'), /readonly/i);
  assert.throws(() => reader.query('SELECT number FROM numbers(2000000)', 'TSVRaw'), /TOO_MANY_ROWS/);
});

test('a reader may move each limit, but not past it; Grafana’s own time-out is within', () => {
  const limits = Object.keys(settings).filter((name) => name !== 'readonly');
  assert.deepEqual(Object.keys(constraints).sort(), limits.sort());
  for (const [name, { min, max }] of Object.entries(constraints)) {
    assert.ok(Number(min) > 0, `${name}: 0 is no limit`);
    assert.ok(Number(max) >= Number(settings[name]), name);
  }
  assert.ok(Number(constraints['max_execution_time']?.max) >= ASKED_SECONDS);
});

test('its grants are statements, and cover what the panels read', () => {
  const engine = new Session();
  const { grants } = known['grafana'] ?? {};
  try {
    for (const grant of grants?.query ?? [])
      assert.equal(
        engine.query(`SELECT formatQuerySingleLine('${grant} TO grafana')`, 'TSVRaw').trim(),
        `${grant} TO grafana`,
      );
  } finally {
    engine.close();
  }
  const systemTables = panelQueries().flatMap(({ sql }) =>
    [...sql.matchAll(/\bsystem\.(\w+)/g)].map(([name]) => name),
  );
  assert.deepEqual(
    [...new Set(systemTables)].map((name) => `GRANT SELECT ON ${name}`),
    grants?.query.filter((grant) => grant.includes('system.')),
  );
  assert.ok(grants?.query.includes('GRANT SELECT ON default.*'));
});

test('the broker knows every setting of its environment', async (t) => {
  const { stdout: jars } = await run(process.execPath, [join(ROOT, 'scripts', 'setup', 'kafka-broker.mjs')]);
  const source = join(await temporaryFolder(t), 'Names.java');
  await writeFile(
    source,
    `public class Names {
  public static void main(String[] none) {
    org.apache.kafka.server.config.AbstractKafkaConfig.CONFIG_DEF.names().forEach(System.out::println);
  }
}
`,
  );
  const { stdout } = await run('java', ['-cp', `${jars.trim()}/*`, source]);
  const names = stdout.split('\n');
  assert.ok(names.length > 200);
  const { environment = {} } = service(await composeProject(), 'kafka');
  // What the image's scripts read themselves.
  const { CLUSTER_ID: cluster, KAFKA_HEAP_OPTS: heap, ...rest } = environment;
  assert.ok(cluster !== undefined && heap !== undefined);
  const unknown = Object.keys(rest)
    .map((name) =>
      name
        .replace(/^KAFKA_/, '')
        .toLowerCase()
        .replaceAll('_', '.'),
    )
    .filter((name) => !names.includes(name));
  assert.deepEqual(unknown, []);
});
