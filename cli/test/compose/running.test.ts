import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { KafkaBroker } from '@halfopen/lab';
import { afterwards } from '../afterwards.js';
import { EngineServer } from '../apart/engine-server.js';
import { batch } from '../chaos/batches.js';
import { ROOT } from '../docs/pages.js';
import { halfopenOf, part, temporaryFolder } from '../halfopen.js';
import { until } from '../until.js';
import { configHere, makeSecrets, mountedConfig } from './deployment.js';
import { inForce, stages } from './dockerfile.js';
import { composeProject, PROCESSES, service, type Service } from './project.js';

const run = promisify(execFile);
/** All of it, without the embedded engine: 102 MB when this was written. */
const IMAGE_BYTES_MAX = 200_000_000;

/** What the service's healthcheck says, asked of a server that is elsewhere. */
async function isWell({ healthcheck }: Service, address: string, here: string): Promise<boolean> {
  const [kind, command = '', ...args] = healthcheck?.test ?? [];
  assert.equal(kind, 'CMD');
  const moved = args.map((word) => word.replace(address, here));
  assert.notDeepEqual(moved, args, `${args.join(' ')} asks ${address}`);
  try {
    await run(command === 'node' ? process.execPath : command, moved);
    return true;
  } catch (error) {
    assert.equal((error as { code: unknown }).code, command === 'wget' ? 4 : 1);
    return false;
  }
}

/** The broker as its image would start it with the file's environment, on ports of this machine. */
async function startBroker(dir: string, { environment = {} }: Service): Promise<KafkaBroker> {
  return KafkaBroker.start({
    dir,
    environment: ({ clients, controller }) =>
      Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [
          name,
          value
            .replace('/var/lib/kafka/data', join(dir, 'data'))
            .replace(/(\/\/)?(kafka|localhost)?:9092/, `$1127.0.0.1:${clients}`)
            .replace(/(\/\/|@)(localhost)?:9093/, `$1127.0.0.1:${controller}`),
        ]),
      ),
  });
}

test(
  'the image’s files, with the configuration and the servers of docker-compose.yml',
  { timeout: 600_000 },
  async (t) => {
    const project = await composeProject();
    const folder = await temporaryFolder(t);
    const image = join(folder, 'image');
    await run(process.execPath, [join(ROOT, 'scripts', 'image.mjs'), image], { timeout: 300_000 });
    const engineFiles = join(folder, 'engine');
    await mkdir(engineFiles);
    await rename(join(image, 'node_modules/@chdb'), join(engineFiles, '@chdb'));
    const [, entrypoint = ''] = inForce(stages(), 'scale-out', 'ENTRYPOINT');
    const binary = entrypoint.replace('/opt/halfopen', image);
    const secrets = join(folder, 'secrets');
    await makeSecrets(secrets);

    await t.test('they hold what runs, and nothing for developers', async () => {
      const files = await readdir(image, { recursive: true });
      const ours = files.filter((file) => !file.startsWith('node_modules'));
      assert.deepEqual(
        ours.filter((file) => /\.(ts|map|tsbuildinfo)$|(^|\/)(test|node_modules)(\/|$)/.test(file)),
        [],
      );
      for (const name of ['typescript', 'eslint', 'esbuild', 'playwright-core', '@chdb'])
        await assert.rejects(access(join(image, 'node_modules', name)), name);
      const { stdout } = await run('du', ['--summarize', '--bytes', image]);
      const bytes = Number(stdout.split('\t')[0]);
      assert.ok(bytes > 0 && bytes < IMAGE_BYTES_MAX, `${bytes} bytes`);
      t.diagnostic(`${Math.round(bytes / 1e6)} MB without the embedded engine`);
    });

    await t.test('without a command they say what there is', async () => {
      const { code, stdout } = await halfopenOf(binary, ...inForce(stages(), 'scale-out', 'CMD'));
      assert.equal(code, 0);
      for (const { name } of PROCESSES) assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
    });

    await t.test('halfopen up needs the other image, and says so', async () => {
      const sql = ['sql', '--data', join(folder, 'data'), 'SELECT 6 * 7 AS n FORMAT TSV'];
      const without = await halfopenOf(binary, ...sql);
      assert.equal(without.code, 1);
      assert.match(without.stderr, /the embedded engine can't be loaded/);
      await rename(join(engineFiles, '@chdb'), join(image, 'node_modules/@chdb'));
      const withEngine = await halfopenOf(binary, ...sql);
      await rename(join(image, 'node_modules/@chdb'), join(engineFiles, '@chdb'));
      assert.deepEqual([withEngine.code, withEngine.stdout.trim()], [0, '42'], withEngine.stderr);
    });

    await t.test('Grafana gets what it is provisioned from, where it looks for it', async () => {
      const writes = service(project, 'dashboards');
      const grafana = service(project, 'grafana');
      const config = await configHere(mountedConfig(writes), folder, [['/run/secrets/', `${secrets}/`]]);
      const target = writes.volumes?.find(({ type }) => type === 'volume')?.target ?? '';
      const out = join(folder, 'grafana');
      const command = (writes.command ?? []).map((word) =>
        word === target ? out : word.startsWith('--config=') ? `--config=${config}` : word,
      );
      const { code, stderr } = await halfopenOf(binary, ...command);
      assert.equal(code, 0, stderr);
      const provisioning = grafana.environment?.['GF_PATHS_PROVISIONING'] ?? '';
      const mount = grafana.volumes?.find(({ source }) => source === 'dashboards');
      assert.equal(provisioning, `${mount?.target ?? ''}/provisioning`);
      const provider = await readFile(join(out, 'provisioning/dashboards/halfopen.yaml'), 'utf8');
      assert.ok(provider.includes(`path: ${mount?.target ?? ''}/dashboards\n`), provider);
      assert.equal((await readdir(join(out, 'dashboards'))).length, 5);
      const source = await readFile(join(out, 'provisioning/datasources/halfopen.yaml'), 'utf8');
      const password = grafana.secrets?.find((secret) => secret.source === 'clickhouse-grafana')?.target;
      for (const line of [
        'host: clickhouse',
        'port: 8123',
        'username: grafana',
        `password: $__file{${password ?? ''}}`,
      ])
        assert.ok(source.includes(`${line}\n`), `${line} in ${source}`);
    });

    const kafka = service(project, 'kafka');
    const clickhouse = service(project, 'clickhouse');
    const broker = await startBroker(join(folder, 'broker'), kafka);
    afterwards(t, () => broker.kill());
    const engine = await EngineServer.open(folder);
    afterwards(t, () => engine.close());
    const isBrokerWell = () => isWell(kafka, '127.0.0.1/9092', broker.address.replace(':', '/'));
    const isEngineWell = () => isWell(clickhouse, 'http://127.0.0.1:8123', engine.url);

    await t.test('servers are well while they are there, and not while they are away', async () => {
      assert.deepEqual([await isBrokerWell(), await isEngineWell()], [true, true]);
      await broker.stop();
      await engine.leave();
      assert.deepEqual([await isBrokerWell(), await isEngineWell()], [false, false]);
    });

    const configs = await mkdirOf(folder, 'configs');
    const config = await configHere(mountedConfig(service(project, 'collector')), configs, [
      ['/run/secrets/', `${secrets}/`],
      ['host: 0.0.0.0, port: 4318', 'port: 0'],
      ['host: 127.0.0.1, port: 8322', 'port: 0'],
      ['host: 0.0.0.0, port: 8321', 'port: 0'],
      ["'kafka:9092'", `'${broker.address}'`],
      ['http://clickhouse:8123', engine.url],
    ]);
    const started = await Promise.all(
      PROCESSES.map(async ({ name }) => {
        const definition = service(project, name);
        assert.deepEqual(definition.command?.slice(0, 2), [name, '--config']);
        const process = await part(name, config, binary);
        const port = /127\.0\.0\.1:\d+/.exec(definition.healthcheck?.test.at(-1) ?? '')?.[0] ?? '';
        const isUp = () => isWell(definition, `http://${port}`, process.url);
        return { name, process, isUp };
      }),
    );

    await t.test(
      'processes start though their servers are away, and are not well until they come',
      async () => {
        for (const { name, isUp } of started) assert.equal(await isUp(), false, name);
        await broker.restart();
        await engine.listen();
        for (const { name, isUp } of started) await until(`${name} is well`, isUp);
      },
    );

    const token = await readFile(join(secrets, 'token'), 'utf8');
    const collector = started.find(({ name }) => name === 'collector');
    const ingest = started.find(({ name }) => name === 'ingest');
    const post = async (number: number, headers = { authorization: `Bearer ${token}` }) => {
      const { status } = await fetch(`${collector?.process.url ?? ''}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', ...headers },
        body: batch(number, 20).bytes,
      });
      return status;
    };
    const untilStored = (spans: number) =>
      until(`${spans} spans are stored`, async () => {
        const [row] = await engine.query<{ n: number }>('SELECT toUInt32(count()) AS n FROM otel_traces');
        return row?.n === spans;
      });

    await t.test('a request with the token goes all the way, one without it nowhere', async () => {
      assert.equal(await post(1, { authorization: '' }), 401);
      assert.equal(await post(1), 200);
      await untilStored(20);
    });

    await t.test('console and API are served, to those who have the token', async () => {
      const url = started.find(({ name }) => name === 'rules')?.process.url ?? '';
      const page = await fetch(url);
      assert.deepEqual([page.status, (await page.text()).includes('<title>Halfopen')], [200, true]);
      const ask = (headers: Readonly<Record<string, string>>) =>
        fetch(`${url}/api/v1/incidents?status=firing`, { headers });
      assert.equal((await ask({})).status, 401);
      const answer = await ask({ authorization: `Bearer ${token}` });
      assert.deepEqual(await answer.json(), { incidents: [] });
    });

    await t.test(
      'an ingest is not well while ClickHouse is away, and goes on when it comes back',
      async () => {
        await engine.leave();
        assert.equal(await post(2), 200);
        await until('the ingest is not well', async () => !((await ingest?.isUp()) ?? true));
        assert.equal(await collector?.isUp(), true, 'it has no need of it');
        await engine.listen();
        await until('the ingest is well', async () => (await ingest?.isUp()) ?? false);
        await untilStored(40);
      },
    );

    await t.test('a collector is not well while Kafka takes nothing, and is when it comes back', async () => {
      await broker.stop();
      assert.equal(await post(3), 503);
      await until('the collector is not well', async () => !((await collector?.isUp()) ?? true));
      await broker.restart();
      await until('the collector is well', async () => (await collector?.isUp()) ?? false);
      assert.equal(await post(3), 200);
      await untilStored(60);
    });

    await t.test('SIGTERM stops each in order', async () => {
      for (const { name, process } of started) {
        const { code, stderr } = await process.stop('SIGTERM');
        assert.equal(code, 0, `${name}: ${stderr}`);
      }
    });
  },
);

async function mkdirOf(folder: string, name: string): Promise<string> {
  await mkdir(join(folder, name));
  return join(folder, name);
}
