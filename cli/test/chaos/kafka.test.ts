import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaBroker, type ProxyMood, Random, TcpProxy } from '@halfopen/lab';
import { afterwards } from '../afterwards.js';
import { EngineServer } from '../apart/engine-server.js';
import { part, temporaryFolder, type Part } from '../halfopen.js';
import { traceIdOf, type Batch } from './batches.js';
import { Load } from './load.js';
import { Poison } from './poison.js';
import { Sender } from './sender.js';

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

/** Everything that runs apart: what is killed comes back at once. */
class Deployment {
  readonly #parts = new Map<string, Part>();

  private constructor(
    private readonly dir: string,
    readonly broker: KafkaBroker,
    readonly proxy: TcpProxy,
    readonly engine: EngineServer,
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
    const deployment = new Deployment(dir, broker, proxy, engine);
    await Promise.all(['collector', ...INGESTS].map((name) => deployment.run(name)));
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
log: { level: error }
kafka: { brokers: ["${this.broker.address}"], topic: spans, partitions: 4, replicas: 1 }
clickhouse: { url: "${this.engine.url}", username: ${name} }
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
    assert.deepEqual(codes, [0, 0, 0], 'each stops as it was told');
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.broker.kill();
    await this.engine.close();
  }
}

type Fault = (deployment: Deployment, random: Random) => Promise<void>;

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
  await load.stop();
  await poison.stop();
  await untilStored(deployment, load.acknowledged);
  await poison.putAside(deployment.engine);
  await deployment.stop();
  const { engine } = deployment;
  await holds(engine, load.acknowledged, poison.taken.length);
  await poison.holds(engine, connection, 'spans');
  assert.ok(load.repeats > 0, 'no message was acknowledged twice: this run proves nothing');
  const replays = engine.tokens.length - new Set(engine.tokens).size;
  assert.ok(replays > 0, 'no range was ever replayed: this run proves nothing');
  const counts = Object.keys(FAULTS).map(
    (name) => `${name} ${happened.filter((one) => one === name).length}`,
  );
  t.diagnostic(`seed ${SEED}: ${ROUNDS} rounds (${counts.join(', ')})`);
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

async function untilStored(deployment: Deployment, acknowledged: readonly Batch[]): Promise<void> {
  const wanted = acknowledged.reduce((sum, { spans }) => sum + spans, 0);
  const { engine } = deployment;
  let [stored, since] = [-1, Date.now()];
  while (stored < wanted) {
    const [found] = await engine.query<{ spans: number }>(
      'SELECT toUInt32(uniqExact(TraceId, SpanId)) AS spans FROM otel_traces',
    );
    const spans = found?.spans ?? 0;
    if (spans > stored) [stored, since] = [spans, Date.now()];
    else if (Date.now() - since > STANDSTILL_MS_MAX)
      throw new Error(`${spans} of ${wanted} spans are stored`);
    await sleep(250);
  }
}

/** Each span of each message once, in the table of spans and behind its view; nothing else; and copies were dropped. */
async function holds(engine: EngineServer, acknowledged: readonly Batch[], poisoned: number): Promise<void> {
  const sent = new Map(acknowledged.map(({ number, spans }) => [traceIdOf(number), spans]));
  for (const [table, trace, span] of [
    ['otel_traces', 'TraceId', 'SpanId'],
    ['frames', 'trace_id', 'span_id'],
  ] as const) {
    const rows = await engine.query<{ id: string; rows: number; spans: number }>(
      `SELECT ${trace} AS id, toUInt32(count()) AS rows, toUInt32(uniqExact(${span})) AS spans FROM ${table} GROUP BY id`,
    );
    assert.equal(rows.length, sent.size, `messages in ${table}`);
    for (const { id, rows: count, spans } of rows)
      assert.deepEqual([count, spans], [sent.get(id), sent.get(id)], `message ${id} in ${table}`);
  }
  const [ledger] = await engine.query<{ rows: number; messages: number }>(
    'SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(batch_id)) AS messages FROM ingest_ledger',
  );
  const messages = sent.size + poisoned;
  assert.deepEqual(ledger, { rows: messages, messages }, 'the ledger names each message once');
}
