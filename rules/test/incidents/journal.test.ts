import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '@halfopen/store';
import { appendTransitions, readIncidents, resumeIncidents } from '../../src/incidents/journal.js';
import { advance, type OpenIncidents, type Transition } from '../../src/incidents/lifecycle.js';
import type { Rule } from '../../src/detection/rules.js';
import type { ChannelSignals } from '../../src/signals/signals.js';
import { temporaryStore } from '../temporary-store.js';
import {
  BEGIN_MS,
  findingsAt,
  NEVER_CONNECTED,
  NOBODY_LISTENS,
  RULE,
  STEP_MS,
  type Words,
} from './played.js';

const FIRES = { a: 'firing' } as const;
const IS_CLEAR = { a: 'clear' } as const;

/** A process that judges and keeps the journal, as the loop does it. */
class Writer {
  step = 0;
  open: OpenIncidents = [];
  readonly transitions: Transition[] = [];

  constructor(
    private readonly store: Store,
    private readonly rule: Rule = RULE,
    private readonly seen: Partial<ChannelSignals> = {},
  ) {}

  /** What it finds at its next step; nothing is written. */
  find(words: Words): () => Promise<void> {
    const { open, transitions } = advance(this.open, findingsAt(this.rule, this.step++, words, this.seen), [
      this.rule,
    ]);
    const known = [...this.open, ...open];
    this.open = open;
    this.transitions.push(...transitions);
    return () => appendTransitions(this.store, transitions, known);
  }

  async write(...steps: Words[]): Promise<void> {
    for (const words of steps) await this.find(words)();
  }

  /** Another one that takes over where the journal ends. */
  async successor(): Promise<Writer> {
    const writer = new Writer(this.store, this.rule, this.seen);
    writer.step = this.step;
    writer.open = await resumeIncidents(this.store, this.now_ms());
    return writer;
  }

  /** The instant of the last step. */
  now_ms(): number {
    return BEGIN_MS + (this.step - 1) * STEP_MS;
  }
}

/** All that can be read of the journal. */
async function journal(store: Store): Promise<unknown> {
  return {
    rows: await store.query(
      'SELECT * EXCEPT inserted_at FROM incident_transitions ORDER BY incident_id, sequence, incident',
    ),
    incidents: await store.query('SELECT * FROM incidents ORDER BY id'),
    told: await readIncidents(store, 'all'),
    open: await resumeIncidents(store, BEGIN_MS),
  };
}

async function statuses(store: Store): Promise<string[]> {
  const rows = await store.query<{ told: string }>(
    "SELECT sequence || ' ' || status || ': ' || arrayStringConcat(channels, ',') AS told FROM incident_transitions ORDER BY at, sequence",
  );
  return rows.map(({ told }) => told);
}

test('resumed are the incidents that were open, as they were, pending or firing', async (t) => {
  const store = await temporaryStore(t);
  const writer = new Writer(store);
  assert.deepEqual(await resumeIncidents(store, BEGIN_MS), []);
  await writer.write(FIRES);
  assert.equal(writer.open[0]?.status, 'pending');
  assert.deepEqual((await writer.successor()).open, writer.open);
  await writer.write(FIRES, FIRES);
  assert.equal(writer.open[0].status, 'firing');
  assert.deepEqual((await writer.successor()).open, writer.open);
});

test('resumed is one incident of several channels with its scope, and as it was last changed', async (t) => {
  const store = await temporaryStore(t);
  const writer = new Writer(store, NEVER_CONNECTED, NOBODY_LISTENS);
  await writer.write({ a: 'firing' }, { a: 'firing', b: 'firing' });
  const { open } = await writer.successor();
  assert.deepEqual(open, writer.open);
  assert.deepEqual(
    open.flatMap(({ members }) => [...members.keys()]),
    ['a', 'b'],
  );
  assert.equal(open[0]?.scope.key, 'server.address=control.example:443');
});

test('who takes over goes on as the one before would have', async (t) => {
  const store = await temporaryStore(t);
  const writer = new Writer(store);
  await writer.write(FIRES, FIRES);
  const successor = await writer.successor();
  const course = [FIRES, { a: 'undetermined' }, FIRES, IS_CLEAR] as const;
  for (const words of course) writer.find(words);
  await successor.write(...course);
  assert.deepEqual(successor.transitions, writer.transitions.slice(1));
  assert.deepEqual(await statuses(store), ['1 pending: a', '2 firing: a', '3 resolved: a']);
});

test('a pause of the rules longer than an incident is held does not resolve it', async (t) => {
  const store = await temporaryStore(t);
  const writer = new Writer(store);
  await writer.write(FIRES, FIRES, FIRES);
  writer.step += 1_000;
  const successor = await writer.successor();
  await successor.write({ a: 'undetermined' });
  assert.deepEqual(successor.transitions, []);
  assert.equal(successor.open.length, 1);
});

test('the same transition appended twice changes nothing', async (t) => {
  const store = await temporaryStore(t);
  const writer = new Writer(store);
  for (const words of [FIRES, FIRES, FIRES, IS_CLEAR]) {
    const append = writer.find(words);
    await append();
    const before = await journal(store);
    await append();
    assert.deepEqual(await journal(store), before);
  }
  assert.deepEqual(await statuses(store), ['1 pending: a', '2 firing: a', '3 resolved: a']);
});

test('a paused former writer with other words for what its successor wrote changes nothing', async (t) => {
  const store = await temporaryStore(t);
  const former = new Writer(store, NEVER_CONNECTED, NOBODY_LISTENS);
  await former.write({ a: 'firing' });
  const successor = await former.successor();
  await successor.write({ a: 'clear' });
  const before = await journal(store);
  const append = former.find({ a: 'firing', b: 'firing' });
  const { sequence, reason } = former.transitions.at(-1) ?? {};
  assert.deepEqual([sequence, reason], [2, 'changed'], 'it knows of the first transition alone');
  await append();
  assert.deepEqual(await journal(store), before);
  assert.deepEqual(await statuses(store), ['1 firing: a', '2 resolved: a']);
});

test('two that take over at the same time and find the same write one journal', async (t) => {
  const store = await temporaryStore(t);
  const former = new Writer(store);
  await former.write(FIRES);
  const [one, other] = [await former.successor(), await former.successor()];
  await Promise.all([one.write(FIRES, FIRES, IS_CLEAR), other.write(FIRES, FIRES, IS_CLEAR)]);
  assert.deepEqual(await statuses(store), ['1 pending: a', '2 firing: a', '3 resolved: a']);
});

test('what is over is not resumed, whether it was resolved or never fired', async (t) => {
  const store = await temporaryStore(t);
  const writer = new Writer(store);
  await writer.write(FIRES, FIRES, FIRES, IS_CLEAR);
  assert.deepEqual((await writer.successor()).open, []);
  await writer.write(FIRES, IS_CLEAR);
  assert.equal(writer.transitions.at(-1)?.status, 'inactive');
  assert.deepEqual((await writer.successor()).open, []);
});

test('incidents are told by status, newest first, in their present state; what never fired is not told', async (t) => {
  const store = await temporaryStore(t);
  const writer = new Writer(store);
  await writer.write(FIRES, FIRES, FIRES, IS_CLEAR, { b: 'firing' }, { b: 'clear' });
  await writer.write(FIRES, FIRES, FIRES, { ...FIRES, c: 'firing' });
  const told = async (status: 'firing' | 'resolved' | 'all') =>
    (await readIncidents(store, status)).map(({ status: is, channels, fired_at, resolved_at }) => ({
      is,
      channels,
      fired: (Date.parse(fired_at) - BEGIN_MS) / STEP_MS,
      resolved: resolved_at === null ? null : (Date.parse(resolved_at) - BEGIN_MS) / STEP_MS,
    }));
  const firing = { is: 'firing', channels: ['a'], fired: 8, resolved: null };
  const resolved = { is: 'resolved', channels: ['a'], fired: 2, resolved: 3 };
  assert.deepEqual(await told('firing'), [firing]);
  assert.deepEqual(await told('resolved'), [resolved]);
  assert.deepEqual(await told('all'), [firing, resolved]);
  assert.deepEqual(await readIncidents(store, 'all', 1), await readIncidents(store, 'firing'));
  assert.deepEqual(
    (await readIncidents(store, 'firing'))[0],
    writer.transitions.findLast(({ status }) => status === 'firing')?.incident,
    'word for word',
  );
});
