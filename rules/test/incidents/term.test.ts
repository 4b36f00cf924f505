import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '@halfopen/store';
import { assertInOffice, beginTerm, DeposedError } from '../../src/index.js';
import { appendTransitions, resumeIncidents } from '../../src/incidents/journal.js';
import { advance, type Step } from '../../src/incidents/lifecycle.js';
import { temporaryStore } from '../temporary-store.js';
import { BEGIN_MS, findingsAt, RULE } from './played.js';

/** The rule begins to fire on this channel. */
const noticed = (channel: string): Step =>
  advance([], findingsAt(RULE, 0, { [channel]: 'firing' }, {}), [RULE]);

async function written(store: Store): Promise<number> {
  const [row] = await store.query<{ n: number }>('SELECT toUInt32(count()) AS n FROM incident_transitions');
  return row?.n ?? 0;
}

test('terms follow one another, and of those who take the same one, one has it', async (t) => {
  const store = await temporaryStore(t);
  const first = await beginTerm(store, 'a', BEGIN_MS);
  assert.equal(first.number, 1);
  const [b, c] = await Promise.all([beginTerm(store, 'b', BEGIN_MS), beginTerm(store, 'c', BEGIN_MS)]);
  assert.deepEqual([b.number, c.number].sort(), [2, 3]);
  const last = b.number === 3 ? b : c;
  await assertInOffice(store, last);
  for (const former of [first, b, c].filter((term) => term !== last))
    await assert.rejects(assertInOffice(store, former), DeposedError);
});

test('what is written in the name of a term that is over is not written, and is said to be', async (t) => {
  const store = await temporaryStore(t);
  const former = await beginTerm(store, 'former', BEGIN_MS);
  const [one, two] = [noticed('agent-1'), noticed('agent-2')];
  await appendTransitions(store, one.transitions, one.open, former);
  assert.equal(await written(store), 1);
  const present = await beginTerm(store, 'present', BEGIN_MS);
  await assert.rejects(appendTransitions(store, two.transitions, two.open, former), DeposedError);
  assert.equal(await written(store), 1);
  assert.equal((await resumeIncidents(store, BEGIN_MS)).length, 1);
  // The same, by whom it is for: its token has not been used up.
  await appendTransitions(store, two.transitions, two.open, present);
  assert.equal(await written(store), 2);
});
