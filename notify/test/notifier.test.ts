import assert from 'node:assert/strict';
import test from 'node:test';
import { recordTransition } from './incidents.js';
import { hook, pager, Scene, until } from './scene.js';

const keys = (recorder: { readonly events: readonly { dedup_key: string; event_action: string }[] }) =>
  recorder.events.map(
    ({ dedup_key: key, event_action: action }) => `${action} ${key.replace('halfopen/', '')}`,
  );

test('a receiver is not told of what fired before it was first configured, nor of its end', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  for (const id of ['open', 'over'])
    await recordTransition(scene.store, { id, sequence: 1, reason: 'fired', ago_s: 60 });
  await recordTransition(scene.store, { id: 'over', sequence: 2, reason: 'resolved', ago_s: 30 });
  const notifier = await scene.notify([pager(recorder.url)]);
  await recordTransition(scene.store, { id: 'open', sequence: 2, reason: 'changed' });
  await recordTransition(scene.store, { id: 'open', sequence: 3, reason: 'resolved' });
  await recordTransition(scene.store, { id: 'new', sequence: 1, reason: 'fired' });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered, owed }) => delivered === 1 && owed === 0);
  assert.deepEqual(keys(recorder), ['trigger new']);
});

test('a receiver that joins, or comes back, is told of what fires from then on; others go on as before', async (t) => {
  const scene = await Scene.open(t);
  const [old, late] = [await scene.pagerDuty(), await scene.pagerDuty()];
  const otherKey = 'f'.repeat(32);
  const fire = async (id: string) => {
    // Seconds are what the engine keeps: what fired before a start is older than it.
    await recordTransition(scene.store, { id, sequence: 1, reason: 'fired' });
  };
  const first = await scene.notify([pager(old.url, 'old')]);
  await fire('a');
  first.ring();
  await until(first, 'old', ({ delivered }) => delivered === 1);
  await first.stop();

  const second = await scene.notify([pager(old.url, 'old'), pager(late.url, 'late', otherKey)]);
  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'resolved' });
  await fire('b');
  second.ring();
  await until(second, 'old', ({ delivered }) => delivered === 2);
  await until(second, 'late', ({ delivered }) => delivered === 1);
  await second.stop();
  assert.deepEqual(keys(old), ['trigger a', 'resolve a', 'trigger b']);
  assert.deepEqual(keys(late), ['trigger b']);

  const third = await scene.notify([pager(old.url, 'old')]);
  await recordTransition(scene.store, { id: 'b', sequence: 2, reason: 'resolved' });
  await fire('c');
  third.ring();
  await until(third, 'old', ({ delivered }) => delivered === 2);
  await third.stop();
  assert.deepEqual(keys(late), ['trigger b'], 'who is not configured is told nothing');
});

test('what fires while the process is away from its receivers is told at the next start', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  const first = await scene.notify([pager(recorder.url)]);
  await first.stop();
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'resolved' });
  const second = await scene.notify([pager(recorder.url)]);
  await until(second, 'pager', ({ delivered }) => delivered === 2);
  assert.deepEqual(keys(recorder), ['trigger a', 'resolve a']);
});

test('an incident goes where it went as it fired, though routes change meanwhile', async (t) => {
  const scene = await Scene.open(t);
  const [one, two] = [await scene.pagerDuty(), await scene.pagerDuty()];
  const receivers = [pager(one.url, 'one'), pager(two.url, 'two', 'f'.repeat(32))];
  const first = await scene.notify(receivers, { routes: [], otherwise: ['one'] });
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  first.ring();
  await until(first, 'one', ({ delivered }) => delivered === 1);
  await first.stop();
  const second = await scene.notify(receivers, { routes: [], otherwise: ['two'] });
  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'resolved' });
  await recordTransition(scene.store, { id: 'b', sequence: 1, reason: 'fired' });
  second.ring();
  await until(second, 'one', ({ delivered }) => delivered === 1);
  await until(second, 'two', ({ delivered }) => delivered === 1);
  assert.deepEqual([keys(one), keys(two)], [['trigger a', 'resolve a'], ['trigger b']]);
});

test('routes go by the site that telemetry told last', async (t) => {
  const scene = await Scene.open(t);
  const [one, two] = [await scene.pagerDuty(), await scene.webhook()];
  const notifier = await scene.notify([pager(one.url), hook(two.url)], {
    routes: [{ sites: ['site-b'], receivers: ['pager'], continue: false }],
    otherwise: ['hook'],
  });
  const state = (channel: string, site: string, ago_s: number) =>
    scene.store.command(
      `INSERT INTO channel_states (seen_at, channel_id, site) SELECT now64(9) - ${ago_s}, '${channel}', '${site}'`,
    );
  await state('agent-1', 'site-a', 60);
  await state('agent-1', 'site-b', 5);
  await state('agent-2', 'site-b', 60);
  await scene.store.command(
    `INSERT INTO expected_channels (seen_at, channel_id, site) SELECT now64(9) - 5, 'agent-2', 'site-a'`,
  );
  for (const [id, channel] of [
    ['a', 'agent-1'],
    ['b', 'agent-2'],
    ['c', 'agent-3'],
  ] as const)
    await recordTransition(scene.store, {
      id,
      sequence: 1,
      reason: 'fired',
      incident: { channels: [channel] },
    });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered }) => delivered === 1);
  await until(notifier, 'hook', ({ delivered }) => delivered === 2);
  assert.deepEqual(keys(one), ['trigger a']);
  const routes = await scene.store.query(
    'SELECT incident_id AS id, receivers, sites FROM notification_routes ORDER BY id',
  );
  assert.deepEqual(routes, [
    { id: 'a', receivers: ['pager'], sites: ['site-b'] },
    { id: 'b', receivers: ['hook'], sites: ['site-a'] },
    { id: 'c', receivers: ['hook'], sites: [] },
  ]);
});

test('a receiver that is down holds up nobody else', async (t) => {
  const scene = await Scene.open(t);
  const [down, well] = [await scene.pagerDuty(), await scene.webhook()];
  down.failAlways('hang');
  const notifier = await scene.notify([pager(down.url), hook(well.url)]);
  for (const id of ['a', 'b']) await recordTransition(scene.store, { id, sequence: 1, reason: 'fired' });
  notifier.ring();
  await until(notifier, 'hook', ({ delivered }) => delivered === 2);
  const { owed, oldestOwed_ms: oldest_ms } = await until(notifier, 'pager', (status) => status.owed === 2);
  assert.equal(owed, 2);
  assert.ok(oldest_ms !== undefined && Math.abs(oldest_ms - Date.now()) < 3_600_000);
});

test('a process that is in office no more tells nobody, and whoever is tells what it left', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  let asked = 0;
  const former = await scene.notify([pager(recorder.url)], undefined, scene.store, () => {
    asked++;
    return Promise.reject(new Error('another process tells by now'));
  });
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  former.ring();
  await until(former, 'pager', ({ owed }) => owed === 1 && asked > 1);
  await former.stop();
  assert.deepEqual(keys(recorder), []);
  const present = await scene.notify([pager(recorder.url)]);
  await until(present, 'pager', ({ delivered }) => delivered === 1);
  assert.deepEqual(keys(recorder), ['trigger a']);
});
