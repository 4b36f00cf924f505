import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { KafkaBroker, PagerDutyRecorder } from '@halfopen/lab';
import type { Acknowledgement, Incident } from '@halfopen/telemetry';
import { afterwards } from '../afterwards.js';
import { LiveFleet, withDeadHandlers } from '../chaos/fleet.js';
import { Sender } from '../chaos/sender.js';
import { part, temporaryFolder, type Part } from '../halfopen.js';
import { until } from '../until.js';
import { EngineServer } from './engine-server.js';

interface Readiness {
  readonly status: number;
  readonly role?: 'active' | 'standby';
  readonly reasons?: readonly string[];
}

async function ask(url: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${url}${path}`, {
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
}

async function readiness({ url }: Part): Promise<Readiness> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, ...((await response.json()) as Omit<Readiness, 'status'>) };
}

async function firing({ url }: Part): Promise<(Incident & { acknowledged: Acknowledgement | null })[]> {
  const response = await ask(url, '/api/v1/incidents?status=firing');
  assert.equal(response.status, 200, await response.clone().text());
  return ((await response.json()) as { incidents: (Incident & { acknowledged: Acknowledgement | null })[] })
    .incidents;
}

/** One of the two incidents that a dead handler is: the other direction's is `asymmetric-channel`. */
const isZombie = ({ rule }: Incident): boolean => rule === 'zombie-handler';

/** Broker, engine, collector and ingest; rules processes as a test starts them. */
class Deployment {
  private constructor(
    readonly engine: EngineServer,
    readonly config: string,
    readonly pager: PagerDutyRecorder,
  ) {}

  static async open(t: TestContext): Promise<Deployment> {
    const dir = await temporaryFolder(t);
    const broker = await KafkaBroker.start({ dir: join(dir, 'broker') });
    afterwards(t, () => broker.kill());
    const engine = await EngineServer.open(dir);
    afterwards(t, () => engine.close());
    const pager = await new PagerDutyRecorder().listen();
    afterwards(t, () => pager.close());
    const config = join(dir, 'apart.yaml');
    await writeFile(
      config,
      `collector: { port: 0 }
ingest: { port: 0 }
api: { port: 0 }
rules: { intervalMs: 500, exporterDelayMs: 1000 }
log: { level: warn }
kafka: { brokers: ["${broker.address}"], topic: spans, partitions: 3, replicas: 1 }
clickhouse: { url: "${engine.url}" }
notifications:
  receivers: [{ name: oncall, kind: pagerduty, routingKey: "${'0a'.repeat(16)}", url: ${pager.url} }]
`,
    );
    return new Deployment(engine, config, pager);
  }

  rules(): Promise<Part> {
    return part('rules', this.config);
  }

  /** As often as the store has each (incident, sequence), at most; and the terms that there have been. */
  async journal(): Promise<{ copies: number; terms: number; gaps: number }> {
    const [row] = await this.engine.query<{ copies: number; terms: number; gaps: number }>(
      `SELECT
         (SELECT toUInt32(max(n)) FROM (SELECT count() AS n FROM incident_transitions GROUP BY incident_id, sequence)) AS copies,
         (SELECT toUInt32(max(term)) FROM rules_terms) AS terms,
         (SELECT toUInt32(countIf(rows != last)) FROM (SELECT count() AS rows, max(sequence) AS last FROM incident_transitions GROUP BY incident_id)) AS gaps`,
    );
    return row ?? { copies: 0, terms: 0, gaps: 0 };
  }

  pages(): string[] {
    return this.pager.events.map(({ event_action: action, dedup_key: key }) => `${action} ${key}`);
  }
}

async function activeOf(parts: readonly Part[]): Promise<Part[]> {
  const roles = await Promise.all(parts.map(async (one) => (await readiness(one)).role));
  return parts.filter((_, at) => roles[at] === 'active');
}

/** The one that judges, once it is one. */
async function theActive(parts: readonly Part[]): Promise<Part> {
  let found: Part[] = [];
  let seen: Readiness[] = [];
  await until(
    `one of ${parts.length} is active and all are ready`,
    async () => {
      found = await activeOf(parts);
      seen = await Promise.all(parts.map(readiness));
      return found.length === 1 && seen.every(({ status }) => status === 200);
    },
    () => JSON.stringify(seen),
  );
  const [active] = found;
  assert.ok(active !== undefined);
  return active;
}

test('rules over Kafka and a ClickHouse server: one judges, all serve; killed or frozen, another goes on with the same incident', async (t) => {
  const deployment = await Deployment.open(t);
  const { pager, engine } = deployment;
  const [collector, ingest, one, two] = await Promise.all([
    part('collector', deployment.config),
    part('ingest', deployment.config),
    deployment.rules(),
    deployment.rules(),
  ]);
  await until('the collector is ready', async () => (await readiness(collector)).status === 200);
  const sender = new Sender(() => collector.url);
  afterwards(t, () => {
    sender.close();
  });
  const fleet = new LiveFleet(sender, withDeadHandlers());
  afterwards(t, () => fleet.stop());
  await fleet.pastTold();

  const first = await theActive([one, two]);
  const other = first === one ? two : one;
  let said = '';
  await until(
    'it fires',
    async () => {
      said = await (await fetch(`${first.url}/metrics`)).text();
      return (await firing(first)).some(isZombie);
    },
    () => said.replaceAll(/^(?!halfopen_).*\n/gm, ''),
  );
  const incident = (await firing(other)).find(isZombie);
  assert.deepEqual(
    [incident?.channels, incident?.hypotheses[0]?.cause],
    [['agent-3'], 'handler-dead'],
    'the one on stand-by tells the same',
  );
  const id = incident?.id ?? '';
  await until('it is paged', () => pager.events.length > 0);

  // What people ask: of the one on stand-by, which only reads.
  const counted = await ask(other.url, '/api/v1/sql', {
    query: "SELECT count() AS n, any(channel_id) FROM frames WHERE channel_id = 'agent-3' HAVING n > 0",
    format: 'JSONEachRow',
  });
  assert.equal(counted.status, 200, await counted.clone().text());
  assert.match(await counted.text(), /"any\(channel_id\)":"agent-3"/);
  for (const query of [
    'DROP TABLE frames',
    'SELECT 1 SETTINGS max_threads = 9',
    "SELECT * FROM file('/etc/passwd')",
  ]) {
    const refused = await ask(other.url, '/api/v1/sql', { query });
    assert.equal(refused.status, 400, `${query}: ${await refused.text()}`);
  }
  assert.match(await (await ask(other.url, '/api/v1/fleet')).text(), /agent-3/);
  const explained = await ask(other.url, '/api/v1/explain?channel=agent-3');
  assert.equal(explained.status, 200);
  const taken = await ask(other.url, `/api/v1/incidents/${id}/acknowledge`, { by: 'ada' });
  assert.equal(taken.status, 200);
  await until('the active one tells the pager so', () =>
    deployment.pages().some((page) => page.startsWith('acknowledge')),
  );

  // Killed: nobody says goodbye.
  const killed = performance.now();
  await first.stop('SIGKILL');
  await until('the other one judges', async () => (await readiness(other)).role === 'active');
  t.diagnostic(`taken over ${((performance.now() - killed) / 1000).toFixed(1)} s after a SIGKILL`);
  assert.ok(
    (await firing(other)).some((one) => one.id === id),
    'the incident goes on',
  );

  // Frozen, and back among the living once somebody else is in office.
  const third = await deployment.rules();
  await until('the third is ready', async () => (await readiness(third)).status === 200);
  process.kill(other.pid, 'SIGSTOP');
  const frozen = performance.now();
  await until('the third judges', async () => (await readiness(third)).role === 'active');
  t.diagnostic(`taken over ${((performance.now() - frozen) / 1000).toFixed(1)} s after a SIGSTOP`);
  process.kill(other.pid, 'SIGCONT');
  await until('the frozen one stands by', async () => (await readiness(other)).role === 'standby');
  assert.equal(await theActive([other, third]), third, 'and does not take the office back');
  assert.ok((await firing(third)).some((one) => one.id === id));

  // Left in good order: at once.
  const left = performance.now();
  assert.equal((await third.stop('SIGTERM')).code, 0);
  await until('the last one judges', async () => (await readiness(other)).role === 'active');
  t.diagnostic(`taken over ${((performance.now() - left) / 1000).toFixed(1)} s after a SIGTERM`);
  await until('it evaluates', async () =>
    /^halfopen_rules_evaluations_total [1-9]/m.test(await (await fetch(`${other.url}/metrics`)).text()),
  );

  const { copies, terms, gaps } = await deployment.journal();
  assert.deepEqual([copies, gaps], [1, 0], 'each transition once, none left out');
  assert.equal(terms, 4, 'a term for each change of office');
  const paged = () => new Set(pager.events.map(({ dedup_key: key }) => key));
  const { incidents } = (await (await ask(other.url, '/api/v1/incidents')).json()) as {
    incidents: Incident[];
  };
  const keys = new Set(incidents.map(({ dedup_key: key }) => key));
  await until('each incident is paged', () => [...keys].every((key) => paged().has(key)));
  assert.deepEqual(
    [...paged()].filter((key) => !keys.has(key)),
    [],
    'and nothing else',
  );
  assert.ok(
    !deployment.pages().some((page) => page.startsWith('resolve')),
    'no change of office resolves anything',
  );

  // The server goes, and comes back.
  await engine.leave();
  await until(
    'questions are answered with 503',
    async () => (await ask(other.url, '/api/v1/incidents')).status === 503,
  );
  await engine.listen();
  await until(
    'and with incidents again',
    async () => (await ask(other.url, '/api/v1/incidents')).status === 200,
  );
  for (const running of [other, ingest, collector]) assert.equal((await running.stop('SIGTERM')).code, 0);
});

test('rules that reach no server say in /readyz which one, and stop when told to', async (t) => {
  const dir = await temporaryFolder(t);
  const config = join(dir, 'away.yaml');
  await writeFile(
    config,
    `api: { port: 0 }
log: { level: silent }
kafka: { brokers: ["127.0.0.1:1"] }
clickhouse: { url: "http://127.0.0.1:1" }
`,
  );
  const rules = await part('rules', config);
  await until('it says so', async () =>
    ((await readiness(rules)).reasons ?? []).some((reason) =>
      reason.includes('the ClickHouse server is not reached: '),
    ),
  );
  assert.equal((await fetch(`${rules.url}/healthz`)).status, 200);
  const refused = await fetch(`${rules.url}/api/v1/incidents`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5']);
  assert.equal((await rules.stop('SIGTERM')).code, 0);
});
