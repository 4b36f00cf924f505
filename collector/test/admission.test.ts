import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'node:test';
import { Admission } from '../src/admission.js';
import { ByteBudget } from '../src/budget.js';
import { post, protobuf } from './client.js';
import { deferred } from './producer.js';
import { golden, run, stillWell } from './running.js';

const LONG_MS = 60_000;

test('requests go in while few bytes are under way; others wait, and their turn comes in order', async () => {
  const budget = new ByteBudget(1_000);
  const admission = new Admission(budget, 100, LONG_MS);
  const leases = Array.from({ length: 4 }, () => budget.lease());
  const entered: number[] = [];
  const entering = leases.map(async (lease, index) => {
    assert.equal(await admission.enter(lease, 60), 60);
    entered.push(index);
  });
  await entering[0];
  assert.equal(budget.bytesHeld, 60);
  for (const index of [0, 1, 2, 3]) {
    assert.deepEqual(entered, [0, 1, 2, 3].slice(0, index + 1));
    leases[index]!.hold(0);
    await entering[index + 1];
  }
  assert.equal(budget.bytesHeld, 0);
});

test('a small request does not pass a large one that waits, and a body larger than all goes in alone', async () => {
  const budget = new ByteBudget(1_000);
  const admission = new Admission(budget, 100, LONG_MS);
  const [first, large, small] = [budget.lease(), budget.lease(), budget.lease()];
  await admission.enter(first, 50);
  const waiting = [admission.enter(large, 500), admission.enter(small, 10)];
  assert.equal(budget.bytesHeld, 50);
  first.hold(0);
  await waiting[0];
  assert.equal(budget.bytesHeld, 500);
  large.hold(0);
  await waiting[1];
  assert.equal(budget.bytesHeld, 10);
});

test('who has waited for too long is refused, and makes way for what fits', async () => {
  const budget = new ByteBudget(1_000);
  const admission = new Admission(budget, 100, 20);
  const [first, large, small] = [budget.lease(), budget.lease(), budget.lease()];
  await admission.enter(first, 50);
  const waiting = [admission.enter(large, 500), admission.enter(small, 10)];
  assert.deepEqual(await Promise.all(waiting), [undefined, 10]);
  assert.equal(budget.bytesHeld, 60);
});

test('a request waits, unread, while another is being stored; after its time it gets a 429', async (t) => {
  const { port, producer } = await run(t, {
    admittedBytesMax: golden.length,
    admissionTimeoutMs: 50,
  });
  const durable = deferred();
  const published = deferred();
  producer.outcome = () => {
    published.resolve();
    return durable.promise;
  };
  const first = post(port, protobuf, golden);
  await published.promise;
  const refused = await post(port, protobuf, golden);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers['retry-after'], '1');
  durable.resolve();
  assert.equal((await first).status, 200);
  await stillWell(port);
});

test('a sender that leaves while it waits leaves nothing behind', async (t) => {
  const { port, producer } = await run(t, { admittedBytesMax: golden.length, admissionTimeoutMs: LONG_MS });
  const durable = deferred();
  const published = deferred();
  producer.outcome = () => {
    published.resolve();
    return durable.promise;
  };
  const first = post(port, protobuf, golden);
  await published.promise;
  const leaving = connect(port, '127.0.0.1');
  await once(leaving, 'connect');
  const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${golden.length}\r\n\r\n`;
  leaving.write(head);
  leaving.write(golden);
  const second = post(port, protobuf, golden);
  leaving.destroy();
  durable.resolve();
  assert.equal((await first).status, 200);
  assert.equal((await second).status, 200);
  await stillWell(port);
});
