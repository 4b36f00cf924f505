import assert from 'node:assert/strict';
import test from 'node:test';
import { PeopleSqlError } from '../../src/index.js';
import { Turns } from '../../src/gate/turns.js';

const NEVER = new AbortController().signal;

function isBusy(error: unknown): boolean {
  return error instanceof PeopleSqlError && error.code === 'busy' && error.retryable;
}

test('so many run, so many wait in order, and the next is refused', async () => {
  const turns = new Turns({ concurrentMax: 2, waitingMax: 2, waitMsMax: 60_000 });
  const order: string[] = [];
  const begin = (name: string) => turns.begin(NEVER).then(() => order.push(name));
  await Promise.all([begin('a'), begin('b')]);
  const waiting = [begin('c'), begin('d')];
  await assert.rejects(begin('e'), isBusy);
  assert.deepEqual(order, ['a', 'b']);
  turns.end();
  turns.end();
  await Promise.all(waiting);
  assert.deepEqual(order, ['a', 'b', 'c', 'd']);
  turns.end();
  turns.end();
  await Promise.all([begin('f'), begin('g')]);
  assert.deepEqual(order.slice(4), ['f', 'g']);
});

test('who gives up waiting, or waits too long, leaves its place', async () => {
  const turns = new Turns({ concurrentMax: 1, waitingMax: 1, waitMsMax: 1 });
  await turns.begin(NEVER);
  await assert.rejects(turns.begin(NEVER), isBusy);
  const stop = new AbortController();
  const given = turns.begin(stop.signal);
  stop.abort(new Error('no longer wanted'));
  await assert.rejects(given, /no longer wanted/);
  await assert.rejects(turns.begin(stop.signal), /no longer wanted/);
  turns.end();
  await turns.begin(NEVER);
});
