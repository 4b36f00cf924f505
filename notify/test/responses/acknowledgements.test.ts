import assert from 'node:assert/strict';
import test from 'node:test';
import { acknowledge, makeSilence, readAcknowledgements } from '../../src/index.js';
import { recordTransition } from '../incidents.js';
import { hook, pager, Scene, until } from '../scene.js';

const NOW = Date.parse('2026-10-01T12:05:00.000Z');

test('receivers are told of an acknowledgement behind the page, once, and of the end behind that', async (t) => {
  const scene = await Scene.open(t);
  const [duty, web] = [await scene.pagerDuty(), await scene.webhook()];
  await recordTransition(scene.store, { id: 'before', sequence: 1, reason: 'fired', ago_s: 60 });
  const first = await scene.notify([pager(duty.url), hook(web.url)]);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'noticed' });
  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'fired' });
  first.ring();
  await until(first, 'pager', ({ delivered }) => delivered === 1);
  for (const incidentId of ['before', 'a'])
    await acknowledge(scene.store, { incidentId, by: 'ada', note: 'on it', now: NOW });
  await recordTransition(scene.store, { id: 'a', sequence: 3, reason: 'changed' });
  await recordTransition(scene.store, { id: 'a', sequence: 4, reason: 'resolved' });
  first.ring();
  await until(first, 'pager', ({ delivered, owed }) => delivered === 4 && owed === 0);
  await until(first, 'hook', ({ delivered, owed }) => delivered === 4 && owed === 0);
  await first.stop();
  assert.deepEqual(
    duty.events.map(({ event_action: action, dedup_key: key }) => `${action} ${key}`),
    ['trigger', 'acknowledge', 'trigger', 'resolve'].map((action) => `${action} halfopen/a`),
  );
  const told = web.calls.map(({ body }) => JSON.parse(body) as { type: string; data: object });
  assert.deepEqual(
    told.map(({ type }) => type),
    ['fired', 'acknowledged', 'changed', 'resolved'].map((kind) => `incident.${kind}`),
  );
  const { acknowledgement, sequence } = told[1]!.data as { acknowledgement: object; sequence: number };
  assert.deepEqual(acknowledgement, { at: '2026-10-01T12:05:00.000Z', by: 'ada', note: 'on it' });
  assert.equal(sequence, 0);

  const second = await scene.notify([pager(duty.url), hook(web.url)]);
  await recordTransition(scene.store, { id: 'b', sequence: 1, reason: 'fired' });
  second.ring();
  await until(second, 'pager', ({ delivered, owed }) => delivered === 1 && owed === 0);
  assert.equal(duty.events.length, 5, 'a restart tells nothing twice');
});

test('the first acknowledgement stands', async (t) => {
  const { store } = await Scene.open(t);
  await recordTransition(store, { id: 'a', sequence: 1, reason: 'fired' });
  const [one, two] = await Promise.all([
    acknowledge(store, { incidentId: 'a', by: 'ada', note: '', now: NOW }),
    acknowledge(store, { incidentId: 'a', by: 'bo', note: '', now: NOW + 1 }),
  ]);
  assert.deepEqual(one, two);
  const later = await acknowledge(store, { incidentId: 'a', by: 'cy', note: '', now: NOW + 9 });
  assert.deepEqual(later, one);
  assert.equal((await readAcknowledgements(store, ['a', 'b'])).size, 1);
});

test('only what fires can be acknowledged', async (t) => {
  const { store } = await Scene.open(t);
  await recordTransition(store, { id: 'pending', sequence: 1, reason: 'noticed' });
  await recordTransition(store, { id: 'over', sequence: 1, reason: 'fired' });
  await recordTransition(store, { id: 'over', sequence: 2, reason: 'resolved' });
  const results = [];
  for (const incidentId of ['pending', 'over', 'none'])
    results.push((await acknowledge(store, { incidentId, by: 'ada', note: '', now: NOW })).result);
  assert.deepEqual(results, ['not-firing', 'not-firing', 'unknown-incident']);
});

test('nobody is told that somebody acknowledged what a silence kept from them', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  const now = scene.clock.now();
  await makeSilence(scene.store, {
    id: 's',
    matchers: { incident: 'a' },
    until: now + 3_600_000,
    reason: 'known',
    by: 'ada',
    now: now - 60_000,
  });
  const notifier = await scene.notify([pager(recorder.url)]);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  await acknowledge(scene.store, { incidentId: 'a', by: 'ada', note: '', now });
  await recordTransition(scene.store, { id: 'b', sequence: 1, reason: 'fired' });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered, owed }) => delivered === 1 && owed === 0);
  assert.deepEqual(
    recorder.events.map(({ dedup_key: key }) => key),
    ['halfopen/b'],
  );
});
