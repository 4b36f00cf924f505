import assert from 'node:assert/strict';
import test from 'node:test';
import type { Silence, SilenceMatchers } from '@halfopen/telemetry';
import type { Store } from '@halfopen/store';
import { endSilence, makeSilence, readSilenced, readSilences, readSilencesOf } from '../../src/index.js';
import { recordRoute } from '../../src/outbox/routes.js';
import { readOwed, recordAttempt, type Owed } from '../../src/outbox/owed.js';
import { recordTransition, type Recorded } from '../incidents.js';
import { pager, Scene, until } from '../scene.js';

const NOW = Date.now();
/** Longer than these tests take, however slow the machine. */
const HOUR = 3_600_000;

const silence = (
  store: Store,
  matchers: SilenceMatchers,
  { id = 's', from = NOW - HOUR, to = NOW + HOUR } = {},
): Promise<Silence | undefined> =>
  makeSilence(store, {
    id,
    matchers,
    until: to,
    reason: 'a new firmware is rolled out',
    by: 'ada',
    now: from,
  });

async function fire(store: Store, id: string, sites: readonly string[], over: Partial<Recorded> = {}) {
  await recordTransition(store, { id, sequence: 1, reason: 'fired', ...over });
  const incident = { rule: 'zombie-handler', severity: 'critical', channels: ['agent-3'] } as const;
  const recorded_s = Math.floor(NOW / 1000) - (over.ago_s ?? 0);
  await recordRoute(store, { ...incident, incidentId: id, fired_ms: NOW, recorded_s }, ['pager'], sites);
}

const owed = async (store: Store, now = NOW): Promise<string[]> =>
  (await readOwed(store, 'pager', { since_s: 0, now, limit: 100 })).map(
    ({ incidentId, sequence }) => `${incidentId} ${sequence}`,
  );

async function attempt(store: Store, id: string, sequence: number, result?: 'delivered' | 'failed') {
  const one: Owed = { incidentId: id, sequence, dedupKey: id, attempts: 0, recorded_s: 0 };
  await recordAttempt(store, 'pager', one, 1, { result: 'begun' }, NOW);
  const [status, answer] = [0, ''];
  if (result === 'delivered') await recordAttempt(store, 'pager', one, 1, { result, status, answer }, NOW);
  if (result === 'failed')
    await recordAttempt(store, 'pager', one, 1, { result, reason: 'timeout', status, answer }, NOW);
}

const CASES: readonly {
  readonly name: string;
  readonly matchers: SilenceMatchers;
  readonly incident?: Recorded['incident'];
  readonly sites?: readonly string[];
  readonly held: boolean;
}[] = [
  { name: 'its id', matchers: { incident: 'i' }, held: true },
  { name: 'the id of another', matchers: { incident: 'j' }, held: false },
  { name: 'its only channel', matchers: { channel: 'agent-3' }, held: true },
  {
    name: 'one of its channels',
    matchers: { channel: 'agent-3' },
    incident: { channels: ['agent-3', 'agent-4'] },
    held: false,
  },
  { name: 'its only site', matchers: { site: 'lyon' }, sites: ['lyon'], held: true },
  { name: 'one of its sites', matchers: { site: 'lyon' }, sites: ['lyon', 'turin'], held: false },
  { name: 'a site, where none is known', matchers: { site: 'lyon' }, sites: [], held: false },
  { name: 'its rule', matchers: { rule: 'zombie-handler' }, held: true },
  {
    name: 'its rule, and a channel that it is not about',
    matchers: { rule: 'zombie-handler', channel: 'agent-4' },
    held: false,
  },
];

test('a silence holds the incidents that all its matchers match', async (t) => {
  const { store } = await Scene.open(t);
  for (const [index, { name, matchers, incident, sites = [], held }] of CASES.entries()) {
    const id = `i${index}`;
    await fire(store, id, sites, incident === undefined ? {} : { incident });
    const mine = matchers.incident === 'i' ? { incident: id } : matchers;
    await silence(store, mine, { id: `s${index}` });
    assert.equal((await owed(store)).includes(`${id} 1`), !held, name);
    assert.equal((await readSilenced(store, NOW)).has(id), held, name);
    const of = (await readSilencesOf(store, id, NOW)).map(({ id: its }) => its);
    assert.equal(of.includes(`s${index}`), held, name);
    await endSilence(store, `s${index}`, 'ada', NOW - HOUR / 2);
  }
});

test('what still fires at the end of a silence is told then', async (t) => {
  const { store } = await Scene.open(t);
  await fire(store, 'i', []);
  await silence(store, { channel: 'agent-3' });
  assert.deepEqual(await owed(store, NOW + HOUR - 1), []);
  assert.deepEqual(await owed(store, NOW + HOUR), ['i 1']);
});

test('what fired and was over while a silence held it is never told', async (t) => {
  const { store } = await Scene.open(t);
  await fire(store, 'i', [], { ago_s: 50 });
  await recordTransition(store, { id: 'i', sequence: 2, reason: 'resolved', ago_s: 20 });
  await silence(store, { channel: 'agent-3' });
  assert.deepEqual(await owed(store, NOW + 10 * HOUR), []);
});

test('the end of what had been told before the silence is told, and nothing else of it, then or later', async (t) => {
  const { store } = await Scene.open(t);
  await fire(store, 'i', [], { ago_s: 55 });
  await attempt(store, 'i', 1, 'delivered');
  await silence(store, { incident: 'i' });
  await recordTransition(store, { id: 'i', sequence: 2, reason: 'changed', ago_s: 30 });
  assert.deepEqual(await owed(store), []);
  await recordTransition(store, { id: 'i', sequence: 3, reason: 'resolved', ago_s: 20 });
  assert.deepEqual(await owed(store), ['i 3']);
  assert.deepEqual(await owed(store, NOW + 10 * HOUR), ['i 3'], 'a change told now would open it again');
});

test('an attempt without an outcome may have told; one that failed has not', async (t) => {
  const { store } = await Scene.open(t);
  for (const id of ['cut', 'failed']) await fire(store, id, [], { ago_s: 55 });
  await attempt(store, 'cut', 1);
  await attempt(store, 'failed', 1, 'failed');
  await silence(store, { channel: 'agent-3' });
  for (const id of ['cut', 'failed'])
    await recordTransition(store, { id, sequence: 2, reason: 'resolved', ago_s: 10 });
  assert.deepEqual(await owed(store), ['cut 2']);
});

test('a silence that is ended holds nothing from then on; ending it again changes nothing', async (t) => {
  const { store } = await Scene.open(t);
  await fire(store, 'i', []);
  await silence(store, { channel: 'agent-3' });
  const ended = await endSilence(store, 's', 'bo', NOW);
  assert.deepEqual([ended?.active, ended?.ended_at], [false, new Date(NOW).toISOString()]);
  assert.deepEqual(await endSilence(store, 's', 'bo', NOW + 5), await endSilence(store, 's', 'cy', NOW + 9));
  assert.deepEqual(await owed(store, NOW), ['i 1']);
  assert.equal(await endSilence(store, 'none', 'bo', NOW), undefined);
});

test('silences are told as they were made, active ones apart', async (t) => {
  const { store } = await Scene.open(t);
  await silence(
    store,
    { site: 'lyon', rule: 'heartbeat-gap' },
    { id: 'over', from: NOW - 9000, to: NOW - 1 },
  );
  const made = await silence(store, { channel: `a'b\\c` }, { id: 'now', from: NOW - 2000 });
  assert.deepEqual(made, {
    id: 'now',
    matchers: { channel: `a'b\\c` },
    starts_at: new Date(NOW - 2000).toISOString(),
    until: new Date(NOW + HOUR).toISOString(),
    ended_at: null,
    reason: 'a new firmware is rolled out',
    by: 'ada',
    active: true,
  });
  await silence(store, { channel: 'another' }, { id: 'now', from: NOW - 1000 });
  const ids = async (active?: boolean) =>
    (await readSilences(store, active === undefined ? { now: NOW } : { now: NOW, active })).map(
      ({ id }) => id,
    );
  assert.deepEqual(await ids(), ['now', 'over'], 'made once, asked twice');
  assert.deepEqual([await ids(true), await ids(false)], [['now'], ['over']]);
});

test('a receiver hears of an incident when its silence is ended, through the notifier', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  await silence(scene.store, { rule: 'zombie-handler' });
  const notifier = await scene.notify([pager(recorder.url)]);
  await recordTransition(scene.store, { id: 'quiet', sequence: 1, reason: 'fired' });
  await recordTransition(scene.store, {
    id: 'loud',
    sequence: 1,
    reason: 'fired',
    incident: { rule: 'never-connected' },
  });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered, owed }) => delivered === 1 && owed === 0);
  assert.deepEqual(
    recorder.events.map(({ dedup_key }) => dedup_key),
    ['halfopen/loud'],
  );
  await endSilence(scene.store, 's', 'ada', NOW);
  notifier.ring();
  await until(notifier, 'pager', ({ delivered }) => delivered === 2);
  assert.equal(recorder.events[1]?.dedup_key, 'halfopen/quiet');
});
