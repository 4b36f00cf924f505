import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PagerDutyRecorder, Random } from '@halfopen/lab';
import type { Incident } from '@halfopen/telemetry';
import { afterwards } from '../afterwards.js';
import { starting, temporaryFolder, up, type Up } from '../halfopen.js';
import { LiveFleet, withDeadHandlers } from './fleet.js';
import { Load } from './load.js';
import { everythingTold, pagesHold } from './pages.js';
import { Sender } from './sender.js';
import { inData, storedOnce } from './stored-once.js';

/** `npm run chaos` asks for more. */
const KILLS = Number(process.env['HALFOPEN_CHAOS_KILLS'] ?? '20');
const SEED = process.env['HALFOPEN_CHAOS_SEED'] ?? 'halfopen';

/** How long an `up` lives, and how soon one that is killed before it is up. */
const LIFE_MS_MAX = 2_500;
const START_MS_MAX = 900;
const KILLED_WHILE_STARTING = 0.2;

/** How often the pager is out of order, too, when an `up` begins. */
const PAGER_FAILS = 0.3;

const BROKEN: readonly string[] = ['agent-3', 'agent-4'];

test(`${KILLS} times SIGKILL under load: what was acknowledged is there once, incidents go on, and nobody is paged twice or not at all`, async (t) => {
  assert.ok(Number.isInteger(KILLS) && KILLS > 0, 'HALFOPEN_CHAOS_KILLS: expected a positive integer');
  const data = await temporaryFolder(t);
  const config = join(data, 'fast.yaml');
  const recorder = await new PagerDutyRecorder().listen();
  afterwards(t, () => recorder.close());
  const notifications = `notifications:
  receivers: [{ name: oncall, kind: pagerduty, routingKey: ${'0a'.repeat(16)}, url: '${recorder.url}' }]
`;
  await writeFile(config, `rules: { intervalMs: 500, exporterDelayMs: 500 }\n${notifications}`);
  const random = new Random(SEED);
  let running: Up | undefined = await up(data, '--config', config);
  const sender = new Sender(() => running?.collectorUrl);
  afterwards(t, () => {
    sender.close();
  });
  const fleet = new LiveFleet(sender, withDeadHandlers(245_000));
  await fleet.pastTold();
  const firing = await untilFires(running);
  const load = new Load(sender, random.fork('load'));
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(random.integer(0, LIFE_MS_MAX));
    await running.stop('SIGKILL');
    running = undefined;
    if (random.chance(PAGER_FAILS))
      recorder.failNext(random.chance(0.5) ? { status: 503 } : 'reset-after-taking');
    while (random.chance(KILLED_WHILE_STARTING)) await killedWhileStarting(data, random);
    running = await up(data, '--config', config);
    const still = await incidents(running);
    for (const [id, { rule }] of firing) assert.ok(still.has(id), `${rule} goes on after kill ${kill + 1}`);
  }
  await load.stop();
  await fleet.stop();
  const open = await incidents(running);
  for (const [id, { rule, channels, fired_at }] of open) {
    assert.ok(
      channels.length === 1 && BROKEN.includes(channels[0] ?? ''),
      `${rule} on ${channels.join(', ')}`,
    );
    if (firing.has(id)) assert.equal(firing.get(id)?.fired_at, fired_at, rule);
  }
  const opened = [...open.values()].map(({ rule, channels }) => `${rule} ${channels.join()}`);
  assert.deepEqual(opened.sort(), [...new Set(opened)].sort(), 'no incident was opened twice');
  assert.equal((await running.stop('SIGTERM')).code, 0);

  await writeFile(config, `rules: { intervalMs: 600000 }\n${notifications}`); // looks once, then tells what is to tell
  const last = await up(data, '--config', config);
  await everythingTold(last);
  assert.equal((await last.stop('SIGTERM')).code, 0);

  const paged = await inData(data, async (query) => {
    await storedOnce(query, load.acknowledged);
    return pagesHold(query, recorder);
  });
  t.diagnostic(
    `seed ${SEED}: ${KILLS} kills, ${load.acknowledged.length} messages acknowledged, ${paged.events} pages taken, ${paged.again} of them again`,
  );
});

async function killedWhileStarting(data: string, random: Random): Promise<void> {
  const begun = starting(data);
  const settled = Promise.allSettled([begun.ready]); // most are killed before they are up
  await sleep(random.integer(0, START_MS_MAX));
  await begun.stop('SIGKILL');
  await settled;
}

async function untilFires(running: Up): Promise<Map<string, Incident>> {
  const deadline_ms = Date.now() + 60_000;
  while (Date.now() < deadline_ms) {
    const firing = await incidents(running);
    if (firing.size > 0) return firing;
    await sleep(100);
  }
  throw new Error('nothing fired');
}

/** Those that fire, by id. */
async function incidents({ apiUrl }: Up): Promise<Map<string, Incident>> {
  const response = await fetch(`${apiUrl}/api/v1/incidents?status=firing`);
  assert.equal(response.status, 200);
  const body = (await response.json()) as { incidents: Incident[] };
  return new Map(body.incidents.map((incident) => [incident.id, incident]));
}
