import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { Session } from 'chdb';
import { afterwards } from '../afterwards.js';
import { ROOT } from '../docs/pages.js';
import { halfopen, temporaryFolder } from '../halfopen.js';
import { configHere, makeSecrets, mountedConfig } from './deployment.js';
import { composeProject, PROCESSES, service, type Project } from './project.js';

const run = promisify(execFile);
const IMAGE = 'halfopen:0.1.0';
const SECRETS = join(ROOT, 'deploy', 'compose', 'secrets');
/** Writes files and ends. */
const ONE_SHOT = 'dashboards';

const project = await composeProject();
const services = Object.entries(project.services);
const ours = services.filter(([, { image }]) => image === IMAGE).map(([name]) => name);

async function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

test('docker compose takes the file, and it has the whole', () => {
  const parts = ['kafka', 'clickhouse', 'grafana', ONE_SHOT, ...PROCESSES.map(({ name }) => name)];
  assert.deepEqual(Object.keys(project.services).sort(), parts.sort());
  assert.deepEqual(
    ours.sort(),
    parts.filter((name) => !['kafka', 'clickhouse', 'grafana'].includes(name)),
  );
});

test('a file that docker compose would refuse is refused here', async (t) => {
  const file = join(await temporaryFolder(t), 'docker-compose.yml');
  const text = await read('docker-compose.yml');
  for (const [right, wrong, why] of [
    ['stop_grace_period', 'stop_grace_perjod', /stop_grace_perjod/],
    ['condition: service_healthy', 'condition: healthy', /depends_on/],
    ['- kafka-data:/', '- kafka-dada:/', /undefined volume kafka-dada/],
    ['secrets: [token,', 'secrets: [tocen,', /undefined secret tocen/],
  ] as const) {
    assert.ok(text.includes(right), right);
    await writeFile(file, text.replace(right, wrong));
    await assert.rejects(composeProject({}, file), why);
  }
});

test('images are pinned, to versions that go together', async (t) => {
  for (const [name, { image }] of services) assert.match(image, /^[\w./-]+:\d+(\.\d+){2,3}$/, name);
  const { version } = JSON.parse(await read('cli/package.json')) as { version: string };
  assert.equal(IMAGE, `halfopen:${version}`);

  const broker = /^const KAFKA = '(.*)'/m.exec(await read('scripts/setup/kafka-broker.mjs'))?.[1];
  assert.equal(service(project, 'kafka').image, `apache/kafka:${broker ?? ''}`, 'the broker of the tests');

  const folder = await temporaryFolder(t);
  const engine = new Session(join(folder, 'engine'));
  afterwards(t, () => {
    engine.close();
  });
  const [line] = /^\d+\.\d+/.exec(engine.query('SELECT version()', 'TSVRaw')) ?? [''];
  assert.match(
    service(project, 'clickhouse').image,
    new RegExp(`:${line.replace('.', '\\.')}\\.`),
    'the engine',
  );

  const grafana = service(project, 'grafana');
  assert.ok((await read('docs/grafana.md')).includes(grafana.image), 'the Grafana of the docs');
  const plugin = /^(.*)@(.*)$/.exec(grafana.environment?.['GF_PLUGINS_PREINSTALL_SYNC'] ?? '');
  const { code, stderr } = await halfopen('dashboards', 'write', folder);
  assert.equal(code, 0, stderr);
  const source = await readFile(join(folder, 'provisioning/datasources/halfopen.yaml'), 'utf8');
  assert.ok(source.includes(`type: ${plugin?.[1] ?? 'none'}\n`));
  assert.ok(source.includes(`version: ${plugin?.[2] ?? 'none'}\n`));
});

function published({ services: all }: Project): string[] {
  return Object.entries(all).flatMap(([name, { ports = [] }]) =>
    ports.map((port) => `${name} ${port.host_ip ?? 'everywhere'}:${port.published} ${port.target}`),
  );
}

test('only what people and senders need is published, to this machine unless told otherwise', async () => {
  assert.deepEqual(published(project), [
    'collector 127.0.0.1:4318 4318',
    'grafana 127.0.0.1:3000 3000',
    'rules 127.0.0.1:8321 8321',
  ]);
  const wider = published(await composeProject({ HALFOPEN_BIND: '0.0.0.0' }));
  assert.deepEqual(
    wider,
    published(project).map((port) => port.replace('127.0.0.1', '0.0.0.0')),
  );
});

test('each service is bounded, starts again, and says whether it is well', () => {
  for (const [name, { restart, healthcheck, deploy, privileged }] of services) {
    assert.notEqual(deploy?.resources?.limits?.memory, undefined, `${name}: memory`);
    assert.notEqual(privileged, true);
    assert.equal(restart, name === ONE_SHOT ? 'no' : 'unless-stopped', name);
    assert.equal(healthcheck === undefined, name === ONE_SHOT, `${name}: health`);
  }
  for (const name of ours) {
    const { read_only: isReadOnly, cap_drop: dropped } = service(project, name);
    assert.deepEqual([isReadOnly, dropped], [true, ['ALL']], name);
  }
});

test('whoever needs another waits for it', () => {
  const waits = services.map(([name, { depends_on: on = {} }]) => [
    name,
    Object.entries(on).map(([other, { condition }]) => `${other} ${condition}`),
  ]);
  const kafka = 'kafka service_healthy';
  const clickhouse = 'clickhouse service_healthy';
  assert.deepEqual(Object.fromEntries(waits), {
    clickhouse: [],
    collector: [kafka],
    dashboards: [],
    grafana: [clickhouse, 'dashboards service_completed_successfully'],
    ingest: [clickhouse, kafka],
    kafka: [],
    rules: [clickhouse, kafka],
  });
});

test('every volume has a name, and what is written outlives its container', () => {
  const mounts = services.flatMap(([, { volumes = [] }]) => volumes).filter(({ type }) => type === 'volume');
  assert.deepEqual(
    [...new Set(mounts.map(({ source }) => source))].sort(),
    Object.keys(project.volumes).sort(),
  );
  const logDirs = service(project, 'kafka').environment?.['KAFKA_LOG_DIRS'];
  assert.deepEqual(
    ['kafka', 'clickhouse', 'grafana'].map((name) => service(project, name).volumes?.[0]?.target),
    [logDirs, '/var/lib/clickhouse', '/var/lib/grafana'],
  );
});

test('every file that is mounted is in git, or made by make-secrets.sh and never in git', async (t) => {
  const made = join(await temporaryFolder(t), 'secrets');
  await makeSecrets(made);
  const secrets = Object.values(project.secrets).map(({ file }) => file);
  const binds = services.flatMap(([, { volumes = [] }]) => volumes).filter(({ type }) => type === 'bind');
  for (const { read_only: isReadOnly } of binds) assert.equal(isReadOnly, true);
  const mounted = [...new Set([...secrets, ...binds.map(({ source = '' }) => source)])];
  const toMake = mounted.filter((file) => dirname(file) === SECRETS).map((file) => relative(SECRETS, file));
  assert.deepEqual(
    toMake.sort(),
    (await readdir(made)).sort(),
    'all that it makes is needed, and all is made',
  );
  for (const file of mounted.filter((path) => dirname(path) !== SECRETS)) {
    await access(file);
    const { stdout } = await run('git', ['ls-files', '--', file], { cwd: ROOT });
    assert.notEqual(stdout, '', `${file} is in git`);
  }
  const { stdout } = await run('git', ['check-ignore', '--no-index', join(SECRETS, 'token')], { cwd: ROOT });
  assert.notEqual(stdout, '');
});

test('secrets are made once, long enough, and readable for the servers but not for others here', async (t) => {
  const folder = join(await temporaryFolder(t), 'secrets');
  const contents = async () =>
    Promise.all(
      (await readdir(folder)).map(async (name) => [name, await readFile(join(folder, name), 'utf8')]),
    );
  await makeSecrets(folder);
  const first = await contents();
  await makeSecrets(folder);
  assert.deepEqual(await contents(), first);
  assert.equal(new Set(first.map(([, text]) => text)).size, first.length);
  for (const [name = '', text = ''] of first)
    if (!name.endsWith('.xml')) assert.match(text, /^[A-Za-z0-9+/]{32}$/, name);
});

for (const { name, section } of PROCESSES)
  test(`${name}: its configuration is taken, and its ports are those of the file`, async (t) => {
    const { command, healthcheck, ports = [], secrets = [], ...rest } = service(project, name);
    assert.equal(command?.[0], name);
    const folder = await temporaryFolder(t);
    await makeSecrets(join(folder, 'secrets'));
    const source = mountedConfig({ command, ...rest });
    const config = await configHere(source, folder, [['/run/secrets/', `${folder}/secrets/`]]);
    const checked = await halfopen('config', 'check', '--config', config);
    assert.equal(checked.code, 0, checked.stderr);
    const inForce = JSON.parse(checked.stdout) as Record<typeof section, { host: string; port: number }>;
    const { host, port } = inForce[section];
    assert.deepEqual(
      ports.map(({ target }) => target),
      ports.length === 0 ? [] : [port],
    );
    assert.equal(host, ports.length === 0 ? '127.0.0.1' : '0.0.0.0', 'published is what listens for others');
    assert.ok(healthcheck?.test.at(-1)?.includes(`http://127.0.0.1:${port}/readyz`));
    const text = await readFile(source, 'utf8');
    const named = [...text.matchAll(/\/run\/secrets\/([\w-]+)/g)].map(([path]) => path);
    assert.deepEqual(secrets.map(({ target }) => target).sort(), named.sort(), 'its secrets, and no others');
  });

test('the configuration names the servers as the file calls them', async () => {
  const [{ name }] = PROCESSES;
  const text = await readFile(mountedConfig(service(project, name)), 'utf8');
  const advertised = service(project, 'kafka').environment?.['KAFKA_ADVERTISED_LISTENERS'];
  assert.ok(text.includes(`brokers: ['${advertised?.replace('PLAINTEXT://', '') ?? ''}']`));
  assert.ok(text.includes('url: http://clickhouse:8123\n'));
  for (const part of ['kafka', 'clickhouse'])
    assert.ok(
      service(project, part)
        .healthcheck?.test.at(-1)
        ?.match(part === 'kafka' ? /9092/ : /8123\/ping/),
    );
});
