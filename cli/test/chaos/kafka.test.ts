import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaBroker, PagerDutyRecorder, type ProxyMood, Random, TcpProxy } from '@halfopen/lab';
import { afterwards } from '../afterwards.js';
import { EngineServer } from '../apart/engine-server.js';
import { part, temporaryFolder, type Part } from '../halfopen.js';
import { until } from '../until.js';
import type { Batch } from './batches.js';
import { LiveFleet, withDeadHandlers } from './fleet.js';
import { Load } from './load.js';
import { pagesHold, UNTOLD } from './pages.js';
import { Poison } from './poison.js';
import { Sender } from './sender.js';
import { storedOnce, type Query } from './stored-once.js';

/** `npm run chaos -- --size kafka` asks for more. */
const ROUNDS = Number(process.env['HALFOPEN_CHAOS_ROUNDS'] ?? '20');
const SEED = process.env['HALFOPEN_CHAOS_SEED'] ?? 'halfopen';

/** A member that is silent for so long loses its partitions. */
const SESSION_MS = 6_000;
const STOPPED_MS = SESSION_MS + 1_500;
/** Nothing more is stored for so long: it never will be. */
const STANDSTILL_MS_MAX = 60_000;

/** Between two messages of a sender: the faults are what is tried here, not the rate. */
const PAUSE_MS_MAX = 1_000;

const INGESTS = ['ingest-1', 'ingest-2'] as const;
type IngestName = (typeof INGESTS)[number];
const RULES = ['rules-1', 'rules-2'] as const;

const BROKEN: readonly string[] = ['agent-3', 'agent-4'];

/** Everything that runs apart: what is killed comes back at once. */
class Deployment {
  readonly #parts = new Map<string, Part>();

  private constructor(
    private readonly dir: string,
    readonly broker: KafkaBroker,
    readonly proxy: TcpProxy,
    readonly engine: EngineServer,
    readonly pager: PagerDutyRecorder,
  ) {}

  static async start(dir: string): Promise<Deployment> {
    const proxy: TcpProxy = new TcpProxy(() => broker.port);
    const broker = await KafkaBroker.start({
      dir: join(dir, 'broker'),
      advertisedPort: await proxy.listen(),
      properties: {
        'group.consumer.session.timeout.ms': SESSION_MS,
        'group.consumer.min.session.timeout.ms': SESSION_MS,
        'group.consumer.heartbeat.interval.ms': 1_000,
        'group.consumer.min.heartbeat.interval.ms': 1_000,
      },
    });
    const engine = await EngineServer.open(dir);
    const pager = await new PagerDutyRecorder().listen();
    const deployment = new Deployment(dir, broker, proxy, engine, pager);
    await Promise.all(['collector', ...INGESTS, ...RULES].map((name) => deployment.run(name)));
    return deployment;
  }

  get collectorUrl(): string | undefined {
    return this.#parts.get('collector')?.url;
  }

  async run(name: string): Promise<void> {
    const config = join(this.dir, `${name}.yaml`);
    await writeFile(
      config,
      `collector: { port: 0 }
ingest: { port: 0 }
api: { port: 0 }
rules: { intervalMs: 500, exporterDelayMs: 500 }
log: { level: error }
kafka: { brokers: ["${this.broker.address}"], topic: spans, partitions: 4, replicas: 1 }
clickhouse: { url: "${this.engine.url}", username: ${name} }
notifications:
  receivers: [{ name: oncall, kind: pagerduty, routingKey: "${'0a'.repeat(16)}", url: '${this.pager.url}' }]
`,
    );
    this.#parts.set(name, await part(name.replace(/-\d$/, ''), config));
  }

  async kill(name: string): Promise<void> {
    await this.#parts.get(name)?.stop('SIGKILL');
    await this.run(name);
  }

  /** As a machine that swaps or a virtual machine that moves. */
  async freeze(name: string): Promise<void> {
    const { pid = 0 } = this.#parts.get(name) ?? {};
    process.kill(pid, 'SIGSTOP');
    await sleep(STOPPED_MS);
    process.kill(pid, 'SIGCONT');
  }

  /** What the ingests say of themselves. */
  async told(): Promise<string> {
    const each = INGESTS.map(async (name) => {
      const { url = '' } = this.#parts.get(name) ?? {};
      const readiness = await (await fetch(`${url}/readyz`)).text();
      const metrics = await (await fetch(`${url}/metrics`)).text();
      const own = metrics.split('\n').filter((line) => /^halfopen_(stream|ingest)_/.test(line));
      return `${name}: ${readiness} ${own.join(', ')}`;
    });
    return (await Promise.all(each)).join('; ');
  }

  async stop(): Promise<void> {
    const codes = await Promise.all(
      [...this.#parts.values()].map(async (running) => (await running.stop('SIGTERM')).code),
    );
    assert.deepEqual([...new Set(codes)], [0], 'each stops as it was told');
  }

  /** The rules processes that say that they judge. */
  async active(): Promise<string[]> {
    const roles = await Promise.all(
      RULES.map(async (name) => {
        const response = await fetch(`${this.#parts.get(name)?.url ?? ''}/readyz`);
        return ((await response.json()) as { role?: string }).role === 'active' ? name : undefined;
      }),
    );
    return roles.filter((name) => name !== undefined);
  }

  async close(): Promise<void> {
    await this.pager.close();
    await this.proxy.close();
    await this.broker.kill();
    await this.engine.close();
  }
}

type Fault = (deployment: Deployment, random: Random) => Promise<void>;

/** The one that judges, or any where none does for the moment. */
async function theActive(deployment: Deployment, random: Random): Promise<string> {
  const [active] = await deployment.active();
  return active ?? RULES[random.integer(0, RULES.length - 1)] ?? RULES[0];
}

const anIngest = (random: Random): IngestName => INGESTS[random.integer(0, INGESTS.length - 1)] ?? INGESTS[0];

const FAULTS: Readonly<Record<string, Fault>> = {
  'collector killed': (deployment) => deployment.kill('collector'),
  'ingest killed': (deployment, random) => deployment.kill(anIngest(random)),
  'both ingests killed': async (deployment) => {
    await Promise.all(INGESTS.map((name) => deployment.kill(name)));
  },
  'ingest killed while the engine inserts': async (deployment, random) => {
    await deployment.kill(await inMidInsert(deployment, random));
  },
  'ingest frozen past its session': (deployment, random) => deployment.freeze(anIngest(random)),
  'ingest frozen while the engine inserts': async (deployment, random) => {
    await deployment.freeze(await inMidInsert(deployment, random));
  },
  'active rules killed': async (deployment, random) => deployment.kill(await theActive(deployment, random)),
  'active rules frozen past their session': async (deployment, random) =>
    deployment.freeze(await theActive(deployment, random)),
  'broker killed': async ({ broker }) => {
    await broker.kill();
    await broker.restart();
  },
  'connections cut': ({ proxy }) => {
    proxy.cut();
    return Promise.resolve();
  },
  'acknowledgements swallowed': (deployment, random) => moody(deployment, 'swallow', random),
  'connections delayed': (deployment, random) => moody(deployment, 'delay', random),
  'broker out of reach': (deployment, random) => moody(deployment, 'refuse', random),
};

async function moody({ proxy }: Deployment, mood: ProxyMood, random: Random): Promise<void> {
  proxy.turn(mood);
  await sleep(random.integer(500, 3_000));
  proxy.turn('pass');
}

/** Resolves with the ingest whose rows are under way; the engine takes them a moment later, whatever becomes of it. */
function inMidInsert({ engine }: Deployment, random: Random): Promise<string> {
  return new Promise((resolve) => {
    engine.before = async (sql, user) => {
      if (!sql.startsWith('INSERT INTO otel_traces')) return;
      engine.before = () => Promise.resolve();
      resolve(user);
      await sleep(random.integer(50, 500));
    };
  });
}

test(`${ROUNDS} rounds of faults over Kafka: what was acknowledged is stored once, and nothing that was never sent`, async (t) => {
  assert.ok(Number.isInteger(ROUNDS) && ROUNDS > 0, 'HALFOPEN_CHAOS_ROUNDS: expected a positive integer');
  const deployment = await Deployment.start(await temporaryFolder(t));
  afterwards(t, () => deployment.close());
  const random = new Random(SEED);
  const sender = new Sender(() => deployment.collectorUrl);
  afterwards(t, () => {
    sender.close();
  });
  const fleet = new LiveFleet(sender, withDeadHandlers(265_000));
  await fleet.pastTold();
  const load = new Load(sender, random.fork('load'), PAUSE_MS_MAX);
  const connection = { brokers: [deployment.broker.address] };
  const poison = await Poison.into(connection, 'spans', random.fork('poison'));
  afterwards(t, () => poison.stop());
  let names: string[] = [];
  const happened: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Each once, in an order of the seed's, and then again.
    if (names.length === 0) names = shuffled(Object.keys(FAULTS), random);
    const name = names.pop() ?? '';
    happened.push(name);
    await FAULTS[name]?.(deployment, random);
    await sleep(random.integer(200, 1_500));
  }
  await Promise.all([load.stop(), fleet.stop(), poison.stop()]);
  await untilStored(deployment, load.acknowledged, fleet.messages);
  await poison.putAside(deployment.engine);
  const { engine, pager } = deployment;
  const query: Query = (sql) => engine.query(sql);
  await until('one judges, both broken channels are known, and all that is to tell is told', async () => {
    const [untold] = await query<{ n: number }>(UNTOLD);
    const [active, broken] = [await deployment.active(), await brokenOnes(query)];
    return active.length === 1 && broken.length === BROKEN.length && untold?.n === 0;
  });
  await deployment.stop();
  await storedOnce(query, load.acknowledged);
  await ledgerNamesEachOnce(query, load.acknowledged.length + fleet.messages + poison.taken.length);
  await poison.holds(engine, connection, 'spans');
  await incidentsHold(query);
  const paged = await pagesHold(query, pager);
  assert.ok(load.repeats > 0, 'no message was acknowledged twice: this run proves nothing');
  const replays = engine.tokens.length - new Set(engine.tokens).size;
  assert.ok(replays > 0, 'no range was ever replayed: this run proves nothing');
  const counts = Object.keys(FAULTS).map(
    (name) => `${name} ${happened.filter((one) => one === name).length}`,
  );
  t.diagnostic(`seed ${SEED}: ${ROUNDS} rounds (${counts.join(', ')})`);
  t.diagnostic(`${paged.events} pages, ${paged.again} of them again`);
  t.diagnostic(
    `${load.acknowledged.length} messages acknowledged, ${load.repeats} of them twice, and ${poison.taken.length} that nobody can read; ${new Set(engine.tokens).size} ranges, ${replays} replays`,
  );
});

/** Fisher and Yates. */
function shuffled(names: readonly string[], random: Random): string[] {
  const order = [...names];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [order[last], order[other]] = [order[other] ?? '', order[last] ?? ''];
  }
  return order;
}

async function untilStored(
  deployment: Deployment,
  acknowledged: readonly Batch[],
  fleetMessages: number,
): Promise<void> {
  const wanted = acknowledged.length + fleetMessages;
  const { engine } = deployment;
  let [stored, since] = [-1, Date.now()];
  while (stored < wanted) {
    const [found] = await engine.query<{ messages: number }>(
      'SELECT toUInt32(uniqExact(batch_id)) AS messages FROM ingest_ledger',
    );
    const messages = found?.messages ?? 0;
    if (messages > stored) [stored, since] = [messages, Date.now()];
    else if (Date.now() - since > STANDSTILL_MS_MAX)
      throw new Error(`${messages} of ${wanted} messages are stored: ${await deployment.told()}`);
    await sleep(250);
  }
}

/** Copies were dropped. */
async function ledgerNamesEachOnce(query: Query, messages: number): Promise<void> {
  const ledger = await query<{ rows: number; messages: number }>(
    'SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(batch_id)) AS messages FROM ingest_ledger',
  );
  assert.deepEqual(ledger, [{ rows: messages, messages }]);
}

/** Channels with an incident that fires. */
async function brokenOnes(query: Query): Promise<string[]> {
  const rows = await query<{ channel: string }>(
    "SELECT DISTINCT arrayJoin(channels) AS channel FROM incidents WHERE status = 'firing' AND severity != 'info' ORDER BY channel",
  );
  return rows.map(({ channel }) => channel);
}

/** Whoever judged when: each transition once and in order, one incident for each trouble, and only where there is one. */
async function incidentsHold(query: Query): Promise<void> {
  assert.deepEqual(await brokenOnes(query), BROKEN);
  const twice = await query(
    "SELECT dedup_key, count() AS n FROM incidents WHERE status IN ('firing', 'resolved') AND severity != 'info' GROUP BY dedup_key HAVING n > 1",
  );
  assert.deepEqual(twice, [], 'no trouble became two incidents');
  const broken = await query(
    'SELECT incident_id, count() AS rows, max(sequence) AS last FROM incident_transitions GROUP BY incident_id HAVING rows != last',
  );
  assert.deepEqual(broken, [], 'each transition once, none left out');
}
