import assert from 'node:assert/strict';
import test from 'node:test';
import { backtest } from '@halfopen/rules';
import { sample } from '../halfopen.js';
import { allMisstated } from './shown.js';
import { opened } from './stored.js';

const FROM_MS = Date.parse('2026-10-01T12:00:00Z');
const TO_MS = Date.parse('2026-10-01T12:12:00Z');

/** Each evaluation costs what it costs whatever its distance from the last; half a minute shows every incident. */
const STEP_MS = 30_000;

for (const name of [
  'handler-dead-both-ends',
  'host-reader-dead',
  'heartbeat-not-started',
  'asymmetric-server-only',
  'listener-down',
]) {
  test(`${name}: every fact's query passes the people's gate and shows what the fact states`, async (t) => {
    const { store, people, load } = await opened(t);
    await load(sample(name));
    const incidents = await backtest(store, { fromMs: FROM_MS, toMs: TO_MS, stepMs: STEP_MS });
    assert.ok(incidents.length > 0);
    const facts = incidents.flatMap((incident) => incident.facts);
    assert.equal(await allMisstated(people, facts), '');
  });
}
