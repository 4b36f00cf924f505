import assert from 'node:assert/strict';
import test from 'node:test';
import type { QueryOptions, RowBatch, Store } from '@halfopen/store';
import { incident, recordTransition } from '../incidents.js';
import { hook, KEY, pager, Scene, until, WEBHOOK_KEY } from '../scene.js';

const told = (events: readonly { event_action: string; dedup_key: string }[]) =>
  events.map(({ event_action: action, dedup_key: key }) => `${action} ${key.replace('halfopen/', '')}`);

test('a page as an incident fires, another as it changes, an end as it resolves; nothing of what never fired', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  const notifier = await scene.notify([pager(recorder.url)]);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'noticed' });
  await recordTransition(scene.store, { id: 'b', sequence: 1, reason: 'noticed' });
  await recordTransition(scene.store, { id: 'b', sequence: 2, reason: 'passed' });
  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'fired' });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered }) => delivered === 1);
  await recordTransition(scene.store, { id: 'a', sequence: 3, reason: 'changed' });
  await recordTransition(scene.store, { id: 'a', sequence: 4, reason: 'resolved' });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered }) => delivered === 3);
  assert.deepEqual(told(recorder.events), ['trigger a', 'trigger a', 'resolve a']);
  assert.deepEqual(recorder.open(), []);
  assert.deepEqual(await scene.notifications(), [
    { receiver: 'pager', told: 'a 2', outcome: 'delivered', attempts: 1 },
    { receiver: 'pager', told: 'a 3', outcome: 'delivered', attempts: 1 },
    { receiver: 'pager', told: 'a 4', outcome: 'delivered', attempts: 1 },
  ]);
});

test('a receiver that is down for the whole of an incident is told of every transition once, in order, when it is back', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  recorder.failAlways('reset');
  const notifier = await scene.notify([pager(recorder.url)]);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  notifier.ring();
  await until(notifier, 'pager', ({ failed }) => failed >= 3);
  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'changed' });
  await recordTransition(scene.store, { id: 'a', sequence: 3, reason: 'resolved' });
  notifier.ring();
  await until(notifier, 'pager', ({ failed, owed }) => failed >= 6 && owed === 3);
  assert.deepEqual(recorder.events, []);
  recorder.failAlways(undefined);
  await until(notifier, 'pager', ({ delivered }) => delivered === 3);
  assert.deepEqual(told(recorder.events), ['trigger a', 'trigger a', 'resolve a']);
  assert.equal(notifier.status().get('pager')?.owed, 0);
});

test('waits grow from failure to failure, and are as long as the receiver asks', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  recorder.failNext({ status: 500 }, { status: 502 }, 'reset', {
    status: 429,
    headers: { 'retry-after': '77' },
  });
  const notifier = await scene.notify([pager(recorder.url)]);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered }) => delivered === 1);
  assert.deepEqual(scene.clock.slept_ms, [750, 1500, 3000, 77_000]);
  assert.equal((await scene.notifications())[0]?.attempts, 5);
});

test('one event that always fails holds up its own incident only', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.webhook();
  const poisoned = (body: string) => body.includes('"dedup_key":"halfopen/a"');
  const receiver = hook(recorder.url);
  const notifier = await scene.notify([
    {
      ...receiver,
      deliver: (notification, signal) => {
        if (notification.incident.id === 'a') recorder.failNext({ status: 500 });
        return receiver.deliver(notification, signal);
      },
    },
  ]);
  for (const id of ['a', 'b', 'c']) await recordTransition(scene.store, { id, sequence: 1, reason: 'fired' });
  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'resolved' });
  notifier.ring();
  await until(notifier, 'hook', ({ delivered, failed }) => delivered === 2 && failed >= 3);
  assert.ok(
    recorder.calls.filter(({ body }) => poisoned(body)).every(({ body }) => body.includes('incident.fired')),
    'no resolve before its trigger',
  );
});

test('an incident that fires again is told after the end of the one before, which has its key', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  recorder.failAlways({ status: 503 });
  const notifier = await scene.notify([pager(recorder.url)]);
  const again = { incident: { dedup_key: 'halfopen/key' } };
  const at_ms = Date.now();
  // By name the second would come first.
  await recordTransition(scene.store, { ...again, id: 'z', sequence: 1, reason: 'fired', at_ms });
  await recordTransition(scene.store, {
    ...again,
    id: 'z',
    sequence: 2,
    reason: 'resolved',
    at_ms: at_ms + 1,
  });
  await recordTransition(scene.store, { ...again, id: 'a', sequence: 1, reason: 'fired', at_ms: at_ms + 2 });
  notifier.ring();
  await until(notifier, 'pager', ({ failed, owed }) => failed > 0 && owed === 3);
  recorder.failAlways(undefined);
  await until(notifier, 'pager', ({ delivered }) => delivered === 3);
  assert.deepEqual(told(recorder.events), ['trigger key', 'resolve key', 'trigger key']);
  assert.deepEqual(recorder.open(), ['halfopen/key']);
});

test('what is refused is not tried again, and what follows is told', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  recorder.failNext({ status: 400, body: `{"errors":["routing_key ${KEY} is disabled"]}` });
  const notifier = await scene.notify([pager(recorder.url)]);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'resolved' });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered, refused }) => delivered === 1 && refused === 1);
  assert.equal(recorder.calls.length, 2);
  assert.deepEqual(
    (await scene.notifications()).map(({ outcome }) => outcome),
    ['refused', 'delivered'],
  );
  const [{ answer } = { answer: '' }] = await scene.store.query<{ answer: string }>(
    "SELECT answer FROM notification_attempts WHERE event = 'refused'",
  );
  assert.equal(answer, '{"errors":["routing_key (secret) is disabled"]}');
});

test('more than a minute takes goes out at the pace that PagerDuty allows', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  const notifier = await scene.notify([pager(recorder.url)]);
  for (let index = 0; index < 150; index++)
    await recordTransition(scene.store, { id: `incident-${index}`, sequence: 1, reason: 'fired' });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered }) => delivered === 150);
  assert.equal(recorder.calls.length, 150, 'never throttled');
  assert.equal(recorder.open().length, 150);
});

/** The process dies between a call and the record of its outcome. */
class ForgetfulStore implements Store {
  dead = false;

  constructor(private readonly store: Store) {}

  async command(sql: string, options?: QueryOptions): Promise<void> {
    const event = options?.params?.['event'];
    if (event !== undefined && event !== 'begun') this.dead = true;
    if (this.dead) throw new Error('died');
    await this.store.command(sql, options);
  }
  query<Row>(sql: string, options?: QueryOptions): Promise<Row[]> {
    return this.dead ? Promise.reject(new Error('died')) : this.store.query(sql, options);
  }
  insert(batch: RowBatch, token: string): Promise<void> {
    return this.store.insert(batch, token);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

test('a call whose outcome did not survive is made again, under the same key and id; then the rest, in order', async (t) => {
  const scene = await Scene.open(t);
  const [pagerDuty, webhook] = [await scene.pagerDuty(), await scene.webhook()];
  const receivers = [pager(pagerDuty.url), hook(webhook.url)];
  const forgetful = new ForgetfulStore(scene.store);
  const first = await scene.notify(receivers, undefined, forgetful);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  first.ring();
  await pagerDuty.arrived(1);
  await first.stop();
  const begun = await scene.store.query(
    `SELECT receiver FROM notifications WHERE outcome = 'begun' AND receiver = 'pager'`,
  );
  assert.equal(begun.length, 1, 'the intention is on record');

  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'resolved' });
  const second = await scene.notify(receivers);
  await until(second, 'pager', ({ delivered }) => delivered === 2);
  await until(second, 'hook', ({ delivered }) => delivered === 2);
  assert.deepEqual(told(pagerDuty.events), ['trigger a', 'trigger a', 'resolve a']);
  const ids = webhook.calls.map(({ headers }) => headers['webhook-id']);
  assert.deepEqual([...new Set(ids)], ['a-1', 'a-2']);
  assert.deepEqual(
    (await scene.notifications()).map(({ outcome }) => outcome),
    ['delivered', 'delivered', 'delivered', 'delivered'],
  );
});

test('a connection that is cut after the event was taken leads to a second copy, not to a lost one', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  recorder.failNext('reset-after-taking');
  const notifier = await scene.notify([pager(recorder.url)]);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  await recordTransition(scene.store, { id: 'a', sequence: 2, reason: 'resolved' });
  notifier.ring();
  await until(notifier, 'pager', ({ delivered }) => delivered === 2);
  assert.deepEqual(told(recorder.events), ['trigger a', 'trigger a', 'resolve a']);
});

test('stopping does not wait for who never answers; what was under way is told at the next start', async (t) => {
  const scene = await Scene.open(t);
  const recorder = await scene.pagerDuty();
  recorder.failNext('hang');
  const first = await scene.notify([pager(recorder.url)]);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired' });
  first.ring();
  await recorder.arrived(1);
  await first.stop();
  assert.deepEqual(
    (await scene.notifications()).map(({ outcome }) => outcome),
    ['failed'],
  );
  const second = await scene.notify([pager(recorder.url)]);
  await until(second, 'pager', ({ delivered }) => delivered === 1);
  assert.deepEqual(told(recorder.events), ['trigger a']);
});

test('no secret reaches the log or the store, whatever receivers answer', async (t) => {
  const scene = await Scene.open(t);
  const [pagerDuty, webhook] = [await scene.pagerDuty(), await scene.webhook()];
  const path = '/services/T0P-S3CR3T';
  const echo = `${KEY} ${WEBHOOK_KEY} ${webhook.url}${path}`;
  for (const recorder of [pagerDuty, webhook])
    recorder.failNext({ status: 500, body: echo }, 'reset', { status: 400, body: echo });
  const notifier = await scene.notify([pager(pagerDuty.url), hook(`${webhook.url}${path}`)]);
  await recordTransition(scene.store, { id: 'a', sequence: 1, reason: 'fired', incident: incident() });
  notifier.ring();
  await until(notifier, 'pager', ({ refused }) => refused === 1);
  await until(notifier, 'hook', ({ refused }) => refused === 1);
  await notifier.stop();
  const kept = await scene.store.query('SELECT * FROM notification_attempts');
  const shown = [...scene.log.lines, ...kept.map((row) => JSON.stringify(row))].join('\n');
  assert.ok(shown.includes('(secret)') && scene.log.lines.length >= 6);
  // Each receiver's own: of another's nobody can know that it is one.
  assert.ok(!/pager[^\n]*0123456789abcdef/.test(shown));
  assert.ok(!/hook[^\n]*(whsec_|S3CR3T)/.test(shown));
});
