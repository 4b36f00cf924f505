import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { KafkaBroker } from '@halfopen/lab';
import { batchId } from '@halfopen/otlp';
import { openKafkaProducer } from '@halfopen/stream';
import { afterwards } from '../afterwards.js';
import { batch } from '../chaos/batches.js';
import { part, temporaryFolder } from '../halfopen.js';
import { until } from '../until.js';

const PROGRAM = fileURLToPath(new URL('engine-server-process.js', import.meta.url));

/** The engine behind its protocol, in a process that is killed and started again on its files and its port. */
class MortalEngine {
  #child: ChildProcess | undefined;
  url = '';
  /** Rows by table, as the last one left them. */
  left: Readonly<Record<string, number>> = {};

  constructor(private readonly dir: string) {}

  async start(...statements: string[]): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const child = spawn(process.execPath, [PROGRAM, this.dir, port, ...statements], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    Object.assign(this, JSON.parse(said.toString()));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async query<Row>(sql: string): Promise<Row[]> {
    const response = await fetch(this.url, { method: 'POST', body: `${sql} FORMAT JSONEachRow` });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row);
  }

  async command(sql: string): Promise<void> {
    const response = await fetch(this.url, { method: 'POST', body: sql });
    if (!response.ok) throw new Error(await response.text());
  }
}

/** Rows in the table, and in what the views behind it fill. */
interface Stored {
  readonly spans: number;
  readonly distinctSpans: number;
  readonly frames: number;
  readonly distinctFrames: number;
  readonly activity: number;
  readonly ledger: number;
}

async function storedIn(engine: MortalEngine): Promise<Stored> {
  const [row] = await engine.query<Stored>(`
    SELECT
      (SELECT toUInt32(count()) FROM otel_traces) AS spans,
      (SELECT toUInt32(uniqExact(SpanId)) FROM otel_traces) AS distinctSpans,
      (SELECT toUInt32(count()) FROM frames) AS frames,
      (SELECT toUInt32(uniqExact(frame_id)) FROM frames) AS distinctFrames,
      (SELECT toUInt32(sum(frames)) FROM frame_activity) AS activity,
      (SELECT toUInt32(count()) FROM ingest_ledger) AS ledger`);
  assert.ok(row !== undefined);
  return row;
}

const SPANS = 50;
const all = (messages: number): Stored => {
  const spans = messages * SPANS;
  return {
    spans,
    distinctSpans: spans,
    frames: spans,
    distinctFrames: spans,
    activity: spans,
    ledger: messages,
  };
};

/**
 * Whatever is inserted into `frames` waits, for half a minute at most: a statement may sleep for 3 s, and each of these
 * for 2.5 s with 50 rows. The table before the view has its rows by then.
 */
const HOLDS = Array.from({ length: 12 }, (_, n) => `hold_${n}`);
const HOLD = `ALTER TABLE frames ${HOLDS.map((name, n) => `ADD CONSTRAINT ${name} CHECK sleepEachRow(0.05) + ${n} = ${n}`).join(', ')}`;
const RELEASE = `ALTER TABLE frames ${HOLDS.map((name) => `DROP CONSTRAINT ${name}`).join(', ')}`;

test('a server killed after the table has its rows and before the view has any: the replay fills the view, and doubles nothing', async (t) => {
  const dir = await temporaryFolder(t);
  const broker = await KafkaBroker.start({ dir: join(dir, 'broker') });
  afterwards(t, () => broker.kill());
  const engine = new MortalEngine(dir);
  await engine.start();
  afterwards(t, () => engine.kill());
  const config = join(dir, 'apart.yaml');
  await writeFile(
    config,
    `ingest: { port: 0 }
log: { level: silent }
kafka: { brokers: ["${broker.address}"], topic: spans, partitions: 1, replicas: 1 }
clickhouse: { url: "${engine.url}" }
`,
  );
  let ingest = await part('ingest', config);
  await until('the ingest is ready', async () => (await fetch(`${ingest.url}/readyz`)).ok);
  const producer = await openKafkaProducer({ connection: { brokers: [broker.address] }, topic: 'spans' });
  afterwards(t, () => producer.close());
  let sent = 0;
  const publish = async (): Promise<void> => {
    const { bytes } = batch(sent++, SPANS);
    await producer.publish(batchId(bytes), bytes);
  };
  await publish();
  await until('the first is stored', async () => (await storedIn(engine)).ledger === 1);
  assert.deepEqual(await storedIn(engine), all(1));

  for (const alsoIngest of [false, true]) {
    const before = await storedIn(engine);
    await engine.command(HOLD);
    await publish();
    await until('the table has its rows', async () => (await storedIn(engine)).spans > before.spans);
    await engine.kill();
    if (alsoIngest) await ingest.stop('SIGKILL');

    await engine.start(RELEASE);
    assert.deepEqual(
      [engine.left['otel_traces'], engine.left['frames']],
      [before.spans + SPANS, before.frames],
      'the kill fell between table and view',
    );
    if (alsoIngest) ingest = await part('ingest', config);
    await until('it is stored', async () => (await storedIn(engine)).ledger === sent);
    assert.deepEqual(await storedIn(engine), all(sent));
  }
  assert.equal((await ingest.stop('SIGTERM')).code, 0);
});
